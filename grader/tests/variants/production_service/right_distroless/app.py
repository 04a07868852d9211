import hmac
import json
import logging
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from logging_setup import configure_logging

log = logging.getLogger("scorer")


def load():
    path = os.environ.get("MODEL_PATH") or Path(__file__).with_name("model.json")
    try:
        return json.loads(Path(path).read_text())
    except (OSError, ValueError):
        log.exception("the model can't be loaded")
        return None


class Server(ThreadingHTTPServer):
    daemon_threads = False


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/health":
            self.answer(200 if self.server.model else 503, {"model": bool(self.server.model)})
        elif url.path == "/slow":
            seconds = float(parse_qs(url.query).get("seconds", ["1"])[0])
            time.sleep(min(seconds, 10))
            self.answer(200, {"slept": seconds})
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        shown = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(shown.encode(), self.server.key.encode()):
            return self.answer(401, {"error": "key"})
        model = self.server.model
        try:
            features = json.loads(body)["features"]
            score = sum((w * x for w, x in zip(model["weights"], features, strict=True)), model["bias"])
        except (KeyError, TypeError, ValueError):
            return self.answer(422, {"error": "features"})
        extra = {
            "request_id": self.headers.get("X-Request-Id", ""),
            "model_version": model["version"],
        }
        log.info("predicted %s", score, extra=extra)
        return self.answer(200, {"score": score})

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        logging.getLogger("access").info(format, *args)


def main():
    configure_logging()
    server = Server(("0.0.0.0", 8000), Handler)
    server.key = Path("/run/secrets/api_key").read_text().strip()
    server.model = load()
    stop = lambda *_: threading.Thread(target=server.shutdown).start()
    signal.signal(signal.SIGTERM, stop)
    server.serve_forever(poll_interval=0.1)
    server.server_close()


if __name__ == "__main__":
    try:
        main()
    except FileNotFoundError as error:
        log.critical("can't start: %s", error)
        sys.exit(78)
