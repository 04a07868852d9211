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
LOOK_SECONDS = 0.01
"""Between two looks at the kernel's lists of connections, which take it some milliseconds."""
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


def accepted(port: int, timeout: float) -> bool:
    """Whether, within ``timeout``, a program on ``port`` has accepted the requests that were
    sent from here, and read all of them. The kernel tells: an accepted socket has an
    inode, a read one an empty queue. Others' connections (a health check's) say nothing."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        asking = set(_asking)
        if asking and asking <= _in_hand(port):
            return True
        time.sleep(LOOK_SECONDS)
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
    no TCP connection without one (it counts until it is closed, "inuse", and as "tw" after)."""
    used, *in_use = _statistics()
    return used <= _AT_START and not any(in_use)


def _statistics() -> tuple[int, int, int, int]:
    """How many sockets of all kinds the namespace has, and how many TCP connections: of IPv4, in
    TIME_WAIT, of IPv6. The kernel counts them; its lists of connections take it milliseconds."""
    with open("/proc/net/sockstat") as table:
        words = [line.split() for line in table]
    tcp = next(row for row in words if row[0] == "TCP:")
    six = 0
    try:
        with open("/proc/net/sockstat6") as table:
            six = int(table.readline().split()[2])
    except FileNotFoundError:
        pass
    return int(words[0][2]), int(tcp[2]), int(tcp[6]), six


def _connections(kind: str) -> list[str]:
    try:
        with open(f"/proc/net/{kind}") as table:
            return table.read().splitlines()[1:]
    except FileNotFoundError:
        return []


_AT_START = _statistics()[0]


def _kind(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, (ConnectionError, http.client.RemoteDisconnected)):
        return "closed"
    if isinstance(error, TimeoutError):
        return "timeout"
    return f"{type(error).__name__}: {error}"


OPERATIONS = {"accepted": accepted, "request": request}
