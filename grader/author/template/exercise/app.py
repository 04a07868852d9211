"""scorer: a small model server on the standard library. Given; runs with `python app.py`."""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODEL = json.loads(Path(__file__).with_name("model.json").read_text())


def predict(features):
    return MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], features, strict=True))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        elif self.path == "/whoami":
            self.answer(200, {"pid": os.getpid(), "uid": os.getuid(), "gid": os.getgid()})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        try:
            length = int(self.headers.get("Content-Length", 0))
            score = predict(json.loads(self.rfile.read(length))["features"])
        except (KeyError, TypeError, ValueError) as error:
            self.answer(422, {"error": str(error)})
        else:
            self.answer(200, {"score": score})

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
    server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    print("scorer listens on port 8000", flush=True)
    server.serve_forever()
    server.server_close()


if __name__ == "__main__":
    sys.exit(main())
