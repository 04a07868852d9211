"""What the inspector does from inside the student's network namespace: HTTP and sockets.

Connections are closed as curl closes them. The namespace keeps no TIME_WAIT (see
``tcp_max_tw_buckets`` where the pod is started), so the next container gets its port all the same.
Bodies are capped; every request has a deadline for the whole of it.
"""

import base64
import http.client
import socket
import threading
import time
from typing import Any

MAX_BODY = 1 << 20
RETRY_SECONDS = 0.004
_asking: set[int] = set()
"""The ports from which whole requests were sent and not answered yet."""


def request(
    method: str,
    path: str,
    port: int,
    headers: dict[str, str],
    body: str,
    timeout: float,
    wait: float,
) -> dict[str, Any]:
    """One HTTP request to 127.0.0.1. ``wait``: seconds to go on trying while nothing listens."""
    begun = time.monotonic()
    while True:
        try:
            sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
            break
        except OSError as error:
            if time.monotonic() - begun >= wait:
                return {"error": _kind(error), "seconds": time.monotonic() - begun}
            time.sleep(RETRY_SECONDS)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sent = time.monotonic()
    own = sock.getsockname()[1]
    expired = threading.Event()

    def cut() -> None:
        expired.set()
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    watchdog = threading.Timer(timeout, cut)
    watchdog.daemon = True
    watchdog.start()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    connection.sock = sock
    try:
        connection.request(method, path, base64.b64decode(body) or None, headers)
        _asking.add(own)
        response = connection.getresponse()
        content = response.read(MAX_BODY)
        return {
            "status": response.status,
            "headers": [[key.lower(), value] for key, value in response.getheaders()],
            "body": base64.b64encode(content).decode(),
            "seconds": time.monotonic() - sent,
        }
    except (OSError, http.client.HTTPException, ValueError) as error:
        kind = "timeout" if expired.is_set() else _kind(error)
        return {"error": kind, "seconds": time.monotonic() - sent}
    finally:
        watchdog.cancel()
        _asking.discard(own)
        sock.close()


def listening() -> list[list[Any]]:
    """Addresses of listening TCP sockets in this network namespace: ``[address, port]``."""
    found = []
    for family, name in ((socket.AF_INET, "tcp"), (socket.AF_INET6, "tcp6")):
        for row in _connections(name):
            _, local, _, state = row.split()[:4]
            if state == "0A":
                raw, port = local.split(":")
                words = [bytes.fromhex(raw[i : i + 8])[::-1] for i in range(0, len(raw), 8)]
                found.append([socket.inet_ntop(family, b"".join(words)), int(port, 16)])
    return found


def accepted(port: int, timeout: float) -> bool:
    """Whether, within ``timeout``, a program on ``port`` has accepted the requests that were
    sent from here, and read all of them. The kernel tells: an accepted socket has an
    inode, a read one an empty queue. Others' connections (a health check's) say nothing."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        asking = set(_asking)
        if asking and asking <= _in_hand(port):
            return True
        time.sleep(RETRY_SECONDS)
    return False


def _in_hand(port: int) -> set[int]:
    """The other ends' ports of the connections to ``port`` that are accepted and read."""
    found = set()
    for row in _connections("tcp") + _connections("tcp6"):
        words = row.split()
        local, remote = (int(words[i].rpartition(":")[2], 16) for i in (1, 2))
        unread = int(words[4].partition(":")[2], 16)
        if (local, words[3]) == (port, "01") and words[9] != "0" and not unread:
            found.add(remote)
    return found


def is_empty() -> bool:
    """Whether this network namespace is as it was at the start: no socket of any kind is left, and
    no TCP connection without one."""
    return _sockets() <= _AT_START and not _connections("tcp") and not _connections("tcp6")


def _sockets() -> int:
    """How many sockets of all kinds the namespace has ("sockets: used N")."""
    with open("/proc/net/sockstat") as table:
        return int(table.readline().split()[2])


def _connections(kind: str) -> list[str]:
    try:
        with open(f"/proc/net/{kind}") as table:
            return table.read().splitlines()[1:]
    except FileNotFoundError:
        return []


_AT_START = _sockets()


def _kind(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, (ConnectionError, http.client.RemoteDisconnected)):
        return "closed"
    if isinstance(error, TimeoutError):
        return "timeout"
    return f"{type(error).__name__}: {error}"


OPERATIONS = {"accepted": accepted, "request": request, "listening": listening}
