"""scorer: a batch takes its time, and SIGTERM lets it finish. With HANG=1 it never ends. Given."""

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = int(os.environ.get("PORT", "8000"))
HANGS = os.environ.get("HANG") == "1"
BATCH_SECONDS = 1.5
MODEL = json.loads(Path(__file__).with_name("model.json").read_text())


def predict(features):
    return MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], features, strict=True))


class Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close() waits for the batches that were begun


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/batch":
            rows = json.loads(content)["rows"]
            time.sleep(BATCH_SECONDS)
            self.answer(200, {"scores": [predict(row) for row in rows]})
        else:
            self.answer(404, {"error": "not found"})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main():
    server = Server(("0.0.0.0", PORT), Handler)

    def stop(*_):
        if HANGS:
            print("SIGTERM: hanging", flush=True)
            return
        print("SIGTERM: finishing what was begun", flush=True)
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    print(f"scorer listens on port {PORT}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    print("stopped", flush=True)


if __name__ == "__main__":
    main()
