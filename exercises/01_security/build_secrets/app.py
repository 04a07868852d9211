"""scorer: a small model server on the standard library. Given; runs with `python app.py`.

It signs with a key: the one in the environment (API_KEY) if there is one, else the one in the file
that API_KEY_FILE names (/run/secrets/api_key when nothing is said).
"""

import hashlib
import hmac
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODEL = json.loads((HERE / "model.json").read_text())


def api_key():
    key_file = Path(os.environ.get("API_KEY_FILE", "/run/secrets/api_key"))
    return os.environ.get("API_KEY") or key_file.read_text().strip()


def predict(features):
    return MODEL["bias"] + sum(w * x for w, x in zip(MODEL["weights"], features, strict=True))


def sign(nonce):
    return hmac.new(api_key().encode(), nonce.encode(), hashlib.sha256).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        elif self.path == "/whoami":
            self.answer(200, {"pid": os.getpid(), "uid": os.getuid(), "gid": os.getgid()})
        elif self.path == "/licence":
            try:
                self.answer(200, json.loads((HERE / "licence.json").read_text()))
            except (OSError, ValueError) as error:
                self.answer(404, {"error": f"licence.json can't be read: {error}"})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        try:
            length = int(self.headers.get("Content-Length", 0))
            asked = json.loads(self.rfile.read(length))
            if self.path == "/sign":
                self.answer(200, {"signature": sign(asked["nonce"])})
            else:
                self.answer(200, {"score": predict(asked["features"])})
        except (KeyError, TypeError, ValueError) as error:
            self.answer(422, {"error": str(error)})
        except OSError as error:
            self.answer(500, {"error": f"the key can't be read: {error}"})

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
