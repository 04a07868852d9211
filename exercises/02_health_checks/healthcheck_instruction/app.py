"""scorer, which can be slow to start, broken, or hung, so that a health check has work. Given."""

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODEL = json.loads(Path(__file__).with_name("model.json").read_text())
READY_AT = time.monotonic() + float(os.environ.get("STARTUP_SECONDS", "0"))
broken = threading.Event()
working = threading.Event()
working.set()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/health":
            return self.answer(404, {"error": "not found"})
        working.wait()  # a hung service accepts the connection and never answers
        if time.monotonic() < READY_AT:
            return self.answer(503, {"status": "loading the model"})
        if broken.is_set():
            return self.answer(503, {"status": "broken"})
        return self.answer(200, {"status": "ok", "model": MODEL["version"]})

    def do_POST(self):
        action = {"/break": broken.set, "/repair": repair, "/hang": working.clear}.get(self.path)
        if action is None:
            return self.answer(404, {"error": "not found"})
        action()
        return self.answer(200, {"done": self.path})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def repair():
    broken.clear()
    working.set()


def main():
    server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    print("scorer listens on port 8000", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
