"""A small service for scenes to be played with: it runs in a container, as ``app.py``.

TRAITS say how it behaves, unless it is as good as can be:

    deaf      ignores SIGTERM            hasty     ends on SIGTERM at once, with exit code 3
    loads     has its model only later   waits     and serves only then
    works     works for its /health      wrong     predicts something else
    buffered  holds its lines back       writes    needs to write beside its code
    keyed     needs its key              broken    calls itself well without a model
    empty     never has a model
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TRAITS = frozenset(os.environ.get("TRAITS", "").split())
ARRIVED, WEIGHTS = Path("/data/arrived"), Path("/data/weights.bin")
JOURNAL = Path("/data/scores.journal")
KEY = Path("/run/secrets/api_key")
WORK_SECONDS, BATCH_SECONDS = 0.05, 1.5

working = threading.Lock()
in_flight: list[str] = []


def load() -> None:
    """The model arrives when somebody says so, or after a while."""
    deadline = time.monotonic() + float(os.environ.get("LOAD_SECONDS", "4"))
    while time.monotonic() < deadline and not ARRIVED.exists():
        time.sleep(0.02)
    WEIGHTS.write_text("weights")


def has_model() -> bool:
    if "empty" in TRAITS:
        return False
    if "loads" in TRAITS:
        return WEIGHTS.exists()
    return Path(os.environ.get("MODEL_PATH", "/app/app.py")).exists()


def work() -> None:
    with working:
        time.sleep(WORK_SECONDS)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/slow"):
            in_flight.append(self.path)
            time.sleep(float(self.path.rpartition("=")[2]))
            self.answer(200, {})
            in_flight.remove(self.path)
            return
        if "works" in TRAITS and self.path == "/health":
            work()
        needs_gpu = os.environ.get("REQUIRE_GPU") == "1"
        well = "broken" in TRAITS or (has_model() and not needs_gpu)
        self.answer(200 if well else 503, {"model": has_model()})

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if "keyed" in TRAITS and self.headers.get("Authorization") != f"Bearer {key()}":
            self.answer(401, {})
        elif self.path == "/batch":
            self.batch(content["id"])
        elif not has_model() or not isinstance(content["features"], list):
            self.answer(500, {})
        else:
            work()
            self.answer(200, {"score": 0.0 if "wrong" in TRAITS else 4.75})
            request = self.headers.get("X-Request-Id", "")
            print(f"{request} predicted", flush="buffered" not in TRAITS)

    def batch(self, name: str) -> None:
        in_flight.append(name)
        time.sleep(BATCH_SECONDS)
        with JOURNAL.open("a") as journal:
            journal.write(f"here saved {name} 4.750\n")
        self.answer(200, {"id": name, "scores": [4.75]})
        in_flight.remove(name)

    def answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Only predictions are logged."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    """With the standard five, a connection more waits a second for its next try."""


def key() -> str:
    return KEY.read_text().strip() if KEY.exists() else ""


def drain(server: Server) -> None:
    """Take no more requests, finish those that were begun, and end."""
    server.shutdown()
    server.server_close()
    while in_flight:
        time.sleep(0.02)
    os._exit(0)


def main() -> None:
    if "keyed" in TRAITS and not key():
        sys.exit("there is no key")
    if "writes" in TRAITS:
        Path("/app/cache").write_text("needed")
    if "waits" in TRAITS:
        load()
    elif "loads" in TRAITS:
        threading.Thread(target=load, daemon=True).start()
    server = Server(("0.0.0.0", 8000), Handler)
    stop = threading.Thread(target=drain, args=(server,))
    if "deaf" in TRAITS:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif "hasty" in TRAITS:
        signal.signal(signal.SIGTERM, lambda number, frame: os._exit(3))
    else:
        signal.signal(signal.SIGTERM, lambda number, frame: stop.start())
    server.serve_forever(poll_interval=0.05)
    stop.join()


if __name__ == "__main__":
    main()
