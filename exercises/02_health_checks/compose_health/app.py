"""scorer, which needs LOAD_SECONDS for its model and answers 503 until then. Given."""

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

READY_AT = time.monotonic() + float(os.environ.get("LOAD_SECONDS", "3"))
BROKEN = bool(os.environ.get("BROKEN"))
MODEL = json.loads(Path(__file__).with_name("model.json").read_text())


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        is_ready = time.monotonic() >= READY_AT and not BROKEN
        if self.path == "/whoami":
            self.answer(200, {"name": "scorer", "uid": os.getuid()})
        elif self.path == "/health":
            self.answer(200 if is_ready else 503, {"status": "ok" if is_ready else "no model"})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(200, {"score": MODEL["bias"]})

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
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
