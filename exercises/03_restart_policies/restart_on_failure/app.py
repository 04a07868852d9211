"""scorer, which can crash in two ways and end well in one. Given.

POST /crash?code=3 ends it as a fault in a native library would. A model that can't be read (the
file is named by MODEL) ends it at each start. With ONCE=1 it scores one batch and ends well.
"""

import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

FOLDER = Path(__file__).parent
MODEL = json.loads((FOLDER / os.environ.get("MODEL", "model.json")).read_text())


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
        url = urlsplit(self.path)
        if url.path == "/crash":
            print("crashing", flush=True)
            os._exit(int(parse_qs(url.query).get("code", ["3"])[0]))
        elif url.path == "/predict":
            self.answer(200, {"score": predict(json.loads(content)["features"])})
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
    if os.environ.get("ONCE"):
        print(json.dumps({"scores": [predict([1.0, 2.0, 3.0])]}), flush=True)
        return
    server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    print("scorer listens on port 8000", flush=True)
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
