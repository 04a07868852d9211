"""scorer: a small model server. Given; runs with `python app.py`.

It needs libscore.so beside it, made from score.c by a C compiler, and orjson (requirements.txt).
"""

import ctypes
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import orjson

HERE = Path(__file__).resolve().parent
MODEL = orjson.loads((HERE / "model.json").read_bytes())
LIBRARY = ctypes.CDLL(str(HERE / "libscore.so"))
LIBRARY.score.restype = ctypes.c_double


def predict(features):
    weights = MODEL["weights"]
    if len(features) != len(weights):
        raise ValueError(f"{len(weights)} features expected")
    vector = ctypes.c_double * len(weights)
    bias = ctypes.c_double(MODEL["bias"])
    return LIBRARY.score(vector(*weights), vector(*features), len(weights), bias)


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
            score = predict(orjson.loads(self.rfile.read(length))["features"])
        except (KeyError, TypeError, ValueError) as error:
            self.answer(422, {"error": str(error)})
        else:
            self.answer(200, {"score": score})

    def answer(self, status, content):
        body = orjson.dumps(content)
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
