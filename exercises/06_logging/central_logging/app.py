"""scorer, which prints a line for each prediction; POST /chatter prints many. Given."""

import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

MODEL = json.loads(Path(__file__).with_name("model.json").read_text())


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        url = urlsplit(self.path)
        if url.path == "/chatter":
            query = parse_qs(url.query)
            wanted = int(query.get("bytes", ["1000000"])[0])
            width = int(query.get("width", ["1000"])[0])
            count = wanted // width
            for number in range(1, count + 1):
                text = f"line {number} of {count} "
                sys.stdout.write(text + "." * (width - len(text) - 1) + "\n")
            sys.stdout.flush()
            self.answer(200, {"lines": count})
        elif url.path == "/predict":
            features = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            print("predicted for", features["name"], flush=True)
            self.answer(200, {"score": MODEL["bias"]})
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
    server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
