"""scorer: finishes what it has begun when SIGTERM comes, then ends with exit code 0. Given."""

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

MODEL = json.loads(Path(__file__).with_name("model.json").read_text())


class Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close() waits for the requests in flight
    allow_reuse_address = True


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/health":
            self.answer(200, {"status": "ok", "model": MODEL["version"]})
        elif url.path == "/whoami":
            self.answer(200, {"pid": os.getpid()})
        elif url.path == "/slow":
            time.sleep(min(5.0, float(parse_qs(url.query).get("seconds", ["1"])[0])))
            self.answer(200, {"finished": True})
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
    server = Server(("0.0.0.0", 8000), Handler)

    def stop(*_):
        print("SIGTERM: finishing what is in flight", flush=True)
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    print("scorer listens on port 8000", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    print("stopped", flush=True)


if __name__ == "__main__":
    main()
