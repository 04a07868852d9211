"""What a service sees of the pod's requests, and when one counts as taken: the moment for a
signal that must find it in flight."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from grader.probe.inspector.inside import pod

MOMENT = 0.3


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        yield listening


def port(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def asked(server: socket.socket) -> threading.Thread:
    """A request of the pod's, on its way."""
    thread = threading.Thread(
        target=pod.request, args=("GET", "/", port(server), {}, "", 5.0, 0.0), daemon=True
    )
    thread.start()
    return thread


def test_request_is_taken_when_the_service_has_read_it(server: socket.socket) -> None:
    thread = asked(server)
    assert not pod.accepted(port(server), MOMENT), "nobody has accepted it"
    connection, _ = server.accept()
    with connection:
        assert not pod.accepted(port(server), MOMENT), "it is accepted, and not read"
        assert connection.recv(4096)
        assert pod.accepted(port(server), 5)
    thread.join()
    assert not pod.accepted(port(server), MOMENT), "it is over"


def test_connections_of_others_say_nothing(server: socket.socket) -> None:
    """A health check of the service's own is accepted and read all the time."""
    with socket.create_connection(server.getsockname()) as other:
        first, _ = server.accept()
        with first:
            other.sendall(b"x")
            assert first.recv(1)
            assert not pod.accepted(port(server), MOMENT)
            thread = asked(server)
            assert not pod.accepted(port(server), MOMENT)
    connection, _ = server.accept()
    connection.close()
    thread.join()


def test_connection_ends_as_a_clients_does(server: socket.socket) -> None:
    """A service that reads until its client is gone would end on a reset, and doesn't with curl."""
    thread = asked(server)
    connection, _ = server.accept()
    with connection:
        assert connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        connection.settimeout(5)
        assert connection.recv(4096) == b""
    thread.join()
