"""scorer, with a batch that needs memory and a bug that never gives it back. Given."""

import json
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

MIB = 1024 * 1024
PAGE = 4096
MODEL = json.loads(Path(__file__).with_name("model.json").read_text())
leaked = []


def touched(mib):
    """Memory that is really used: an allocation costs nothing until its pages are written."""
    block = bytearray(mib * MIB)
    for offset in range(0, len(block), PAGE):
        block[offset] = 1
    return block


WEIGHTS = touched(48)


def predict(features):
    return MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], features, strict=True))


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
            batch = touched(64)
            rows = json.loads(content)["rows"]
            self.answer(200, {"scores": [predict(row) for row in rows]})
            del batch
        elif url.path == "/leak":
            wanted = int(parse_qs(url.query).get("mib", ["600"])[0])
            for _ in range(wanted // 8):
                leaked.append(touched(8))
            self.answer(200, {"leaked_mib": 8 * len(leaked)})
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
