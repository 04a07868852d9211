"""Sockets where something answers as an engine of another machine did, and where the real engine
answers with another word about itself.

What was recorded lies in ``recorded/``: the Server header of ``/_ping``, ``/version``, ``/info``.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from grader.engine import location

RECORDED = Path(__file__).parent / "recorded"
ENGINE = location.find().socket
"""The real one's, before any test points elsewhere."""


def said_by(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    return content


@contextlib.contextmanager
def answering(path: Path, said: dict[str, Any]) -> Iterator[str]:
    """The address of a socket at ``path`` where an engine that ``said`` this answers."""

    class Handler(BaseHTTPRequestHandler):
        def version_string(self) -> str:
            return str(said["server"])

        def do_GET(self) -> None:
            word = self.path.partition("?")[0].rpartition("/")[2]
            known = said.get(word, {"message": "no such thing was recorded"})
            content = b"OK" if word == "_ping" else json.dumps(known).encode()
            self.send_response(200 if word == "_ping" or word in said else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def address_string(self) -> str:
            return "unix"

        def log_message(self, format: str, *args: object) -> None:
            """Nothing to say."""

    with _serving(path, Handler):
        yield f"unix://{path}"


@contextlib.contextmanager
def altered(path: Path, alter: Callable[[dict[str, Any]], None]) -> Iterator[str]:
    """The address of a socket at ``path`` behind which the real engine does everything, but says
    of itself in ``/info`` what ``alter`` makes of it."""

    class Between(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            head = _head(self.request)
            with contextlib.suppress(OSError), _engine() as engine:
                if b"Upgrade" not in head:  # one request a connection, so that each is seen
                    head = head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
                    head = head.replace(b"\r\nConnection: keep-alive", b"")
                engine.sendall(head)
                if head.split(b" ")[1].endswith(b"/info"):
                    self.request.sendall(_altered(engine, alter))
                else:
                    _join(self.request, engine)

    with _serving(path, Between):
        yield f"unix://{path}"


@contextlib.contextmanager
def forwarded() -> Iterator[int]:
    """A port on loopback that leads to the real engine."""

    class Between(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError), _engine() as engine:
                _join(self.request, engine)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that ended."""

    with Server(("127.0.0.1", 0), Between) as server, _running(server):
        yield int(server.server_address[1])


@contextlib.contextmanager
def _serving(path: Path, handler: Any) -> Iterator[None]:
    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that ended."""

    with Server(str(path), handler) as server, _running(server):
        yield


@contextlib.contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def _engine() -> socket.socket:
    stream = socket.socket(socket.AF_UNIX)
    stream.connect(ENGINE)
    return stream


def _head(stream: socket.socket) -> bytes:
    said = b""
    while b"\r\n\r\n" not in said and (more := stream.recv(65536)):
        said += more
    return said


def _altered(engine: socket.socket, alter: Callable[[dict[str, Any]], None]) -> bytes:
    said = b""
    while more := engine.recv(65536):
        said += more
    head, _, body = said.partition(b"\r\n\r\n")
    content = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])
    alter(content)
    changed = json.dumps(content).encode()
    kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    assert b" 200 " in head.splitlines()[0]
    return kind + b"Content-Length: %d\r\n\r\n" % len(changed) + changed


def _join(one: socket.socket, other: socket.socket) -> None:
    """Copy both ways until both have ended; the end of one direction is passed on."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while more := source.recv(65536):
                target.sendall(more)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=copy, args=(other, one), daemon=True)
    back.start()
    copy(one, other)
    back.join()
