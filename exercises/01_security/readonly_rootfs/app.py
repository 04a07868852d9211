"""scorer: sorts each batch in a scratch file under /tmp before it scores it. Given."""

import json
import os
import signal
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = int(os.environ.get("PORT", "8000"))
MODEL = json.loads(Path(__file__).with_name("model.json").read_text())


def predict(features):
    return MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], features, strict=True))


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/predict":
            self.answer(404, {"error": "not found"})
            return
        try:
            with tempfile.TemporaryFile(dir="/tmp") as scratch:
                scratch.write(content)
                scratch.seek(0)
                features = json.load(scratch)["features"]
        except OSError as problem:
            self.answer(500, {"error": f"no scratch file: {problem.strerror}"})
            return
        self.answer(200, {"score": predict(features)})

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
    server = ThreadingHTTPServer(("0.0.0.0", PORT), Handler)
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    print(f"scorer listens on port {PORT}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
