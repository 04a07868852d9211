"""What the inspector does as a log collector: takes what the engine's fluentd driver sends.

It listens on a socket file in a volume that the engine, and no container but this one, can reach.
"""

import contextlib
import importlib
import os
import socket
import socketserver
import sys
import threading
import time
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

forward = importlib.import_module("forward")

PLACE = "/collector/socket"
MAX_BYTES = 8 << 20
"""What is kept of the lines; the rest is taken and forgotten."""

_received: list[dict[str, Any]] = []
_arrived = threading.Condition()
_kept = 0


class _Connection(socketserver.StreamRequestHandler):
    """One connection of the engine: one container's log."""

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for tag, record, chunk in forward.events(self.rfile):
                _keep(tag, {key: _text(each) for key, each in record.items()})
                if chunk:
                    self.wfile.write(forward.acknowledgement(str(chunk)))


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(PLACE, _Connection)
        self.connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.append(request)
        super().process_request(request, client_address)


def _keep(tag: str, record: dict[str, str]) -> None:
    global _kept
    with _arrived:
        _kept += sum(map(len, record.values()))
        if _kept < MAX_BYTES:
            _received.append({"tag": tag, "record": record})
        _arrived.notify_all()


def _text(each: Any) -> str:
    return each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each)


_servers: list[_Server] = []


def found() -> None:
    """Listen, for the first time or again."""
    if not _servers:
        _servers.append(_Server())
        threading.Thread(target=_servers[0].serve_forever, args=(0.05,), daemon=True).start()


def lost() -> None:
    """Stop listening and close every connection, as a crash would."""
    while _servers:
        server = _servers.pop()
        os.unlink(PLACE)
        server.shutdown()
        server.server_close()
        for connection in server.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def records(containing: str, count: int, timeout: float) -> list[dict[str, Any]]:
    """What has arrived, as soon as ``count`` records hold a text, or after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout

    def holding() -> int:
        return sum(containing in item["record"].get("log", "") for item in _received)

    with _arrived:
        while holding() < count and (left := deadline - time.monotonic()) > 0:
            _arrived.wait(left)
        return list(_received)


found()
OPERATIONS = {"records": records, "lost": lost, "found": found}
