"""scorer, with a request that keeps every CPU busy that it can get. Given."""

import hashlib
import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

WORKERS = 4
LONGEST_SECONDS = 10.0
MODEL = json.loads(Path(__file__).with_name("model.json").read_text())


def predict(features):
    return MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], features, strict=True))


def work(until):
    """Arithmetic outside of Python's lock, as a model's own would be."""
    rounds = 0
    while time.monotonic() < until:
        hashlib.pbkdf2_hmac("sha256", b"features", b"weights", 5000)
        rounds += 1
    return rounds


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        if url.path == "/predict":
            self.answer(200, {"score": predict(json.loads(content)["features"])})
        elif url.path == "/batch":
            seconds = float(parse_qs(url.query).get("seconds", ["1"])[0])
            until = time.monotonic() + min(seconds, LONGEST_SECONDS)
            with ThreadPoolExecutor(WORKERS) as pool:
                rounds = sum(pool.map(work, [until] * WORKERS))
            self.answer(200, {"rounds": rounds})
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
    server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    print("scorer listens on port 8000", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
