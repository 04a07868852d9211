"""Where the engine is: whoever talks to it asks here, docker-py, the docker CLI and its plugins.

The order is the docker CLI's own (``DOCKER_HOST``, the current context, the default socket); after
that come the sockets where rootless engines and desktop products listen, since a person whose
``docker`` was set up by one of them has a working engine. It knows no docker-py and asks an engine
nothing but who it is: ``./lab check`` pays less than a millisecond for it.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEFAULT_SOCKET = "/var/run/docker.sock"
ELSEWHERE = (
    "{runtime}/docker.sock",
    "/run/user/{uid}/docker.sock",
    "{home}/.docker/run/docker.sock",
    "{home}/.docker/desktop/docker.sock",
    "{home}/.colima/default/docker.sock",
    "{home}/.config/colima/default/docker.sock",
    "{home}/.orbstack/run/docker.sock",
    "{home}/.rd/docker.sock",
)
"""Rootless, Docker Desktop (two), Colima (two), OrbStack, Rancher Desktop."""
PODMANS = ("{runtime}/podman/podman.sock", "/run/podman/podman.sock")
"""Looked at only to tell a person what it is that answers there."""
ANSWER_SECONDS = 1.0
VARIABLES = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")
_REACHED = ("unix", "tcp", "http")


@dataclass(frozen=True)
class Location:
    """An engine's address. ``origin`` says whose choice it is; ``trouble`` is a sentence when
    nothing can be reached that way, whatever answers there."""

    url: str
    origin: str
    is_chosen: bool = False
    """Whether a person chose it: then no other engine is looked for."""
    trouble: str = ""

    @property
    def socket(self) -> str:
        """The path of its socket, empty for an engine that is reached over the network."""
        return self.url.removeprefix("unix://") if self.url.startswith("unix://") else ""

    @property
    def environment(self) -> dict[str, str]:
        """What leads docker-py, the docker CLI and its plugins there."""
        return {"DOCKER_HOST": self.url}

    def __str__(self) -> str:
        return f"{self.url} ({self.origin})"


def find() -> Location:
    """Where the engine is, or where it would be. Never raises."""
    if host := os.environ.get("DOCKER_HOST"):
        secured = os.environ.get("DOCKER_TLS_VERIFY") or os.environ.get("DOCKER_TLS")
        return _given(host, "DOCKER_HOST", secured=bool(secured))
    name = os.environ.get("DOCKER_CONTEXT") or _configuration().get("currentContext")
    if name and name != "default":
        return _of_context(str(name))
    usual = Location(f"unix://{DEFAULT_SOCKET}", "the default socket")
    if is_open(DEFAULT_SOCKET) and "podman" not in os.path.realpath(DEFAULT_SOCKET):
        return usual
    for path in sockets(ELSEWHERE):
        if who_answers(path).startswith("Docker/"):
            return Location(f"unix://{path}", "found by the lab")
    return usual


def use(location: Location) -> None:
    """Let this process and those that it starts use that engine and no other."""
    for name in VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(location.environment)


def adopt() -> None:
    """``use`` what is found, where docker-py and the docker CLI wouldn't find it themselves: what
    a learner types beside the lab's own commands then means the same engine."""
    location = find()
    if not location.is_chosen and location.socket != DEFAULT_SOCKET:
        use(location)


def address() -> str:
    """The engine's URL."""
    return find().url


def environment() -> dict[str, str]:
    """What leads a program to the engine that is found here."""
    return find().environment


def sockets(patterns: tuple[str, ...]) -> Iterator[str]:
    """The paths of ``patterns`` that exist, each once."""
    uid = os.getuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{uid}"
    home = Path.home()
    paths = (pattern.format(runtime=runtime, uid=uid, home=home) for pattern in patterns)
    return (path for path in dict.fromkeys(paths) if os.path.exists(path))  # noqa: PTH110


def is_open(path: str) -> bool:
    """Whether somebody listens on a socket and lets this user in."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(ANSWER_SECONDS)
        try:
            stream.connect(path)
        except OSError:
            return False
    return True


def who_answers(path: str) -> str:
    """What an engine on a socket calls itself: ``Docker/26.1.5 (linux)``, ``Libpod/5.4.2 (linux)``;
    empty when nothing does."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(ANSWER_SECONDS)
        try:
            stream.connect(path)
            stream.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n")
            head = b""
            while b"\r\n\r\n" not in head and (more := stream.recv(4096)):
                head += more
        except OSError:
            return ""
    for line in head.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        if name.lower() == "server":
            return value.strip()
    return ""


def _given(host: str, origin: str, *, secured: bool) -> Location:
    """The engine that somebody named; ``secured`` says that it is to be spoken to over TLS."""
    if "://" not in host and ":" in host:
        host = f"tcp://{host}"  # as the docker CLI reads it
    if host == "unix://":
        host += DEFAULT_SOCKET
    trouble = ""
    scheme = host.partition("://")[0]
    if scheme == "ssh":
        trouble = f"{origin} is {host}, and the lab doesn't reach an engine over ssh. "
    elif scheme not in _REACHED or scheme == host:
        trouble = f"{origin} is {host}: the lab reaches an engine by unix:// or tcp://."
    elif scheme == "tcp" and secured:  # buildx on its own reads no DOCKER_TLS_VERIFY
        trouble = f"{origin} is {host} over TLS, which the lab doesn't speak. "
    if trouble.endswith(" "):
        trouble += _forwarding(host)
    return Location(host, origin, True, trouble)


def _forwarding(host: str) -> str:
    """How a person brings the socket of an engine far away to this machine."""
    from urllib.parse import urlsplit

    parts = urlsplit(host)
    target = f"{parts.username}@{parts.hostname}" if parts.username else parts.hostname
    port = host.rpartition(":")[2] if host.startswith("ssh") else ""
    flag = f"-p {port} " if port.isdigit() else ""
    return (
        f"Bring its socket here: ssh -fnNT {flag}-L /tmp/engine.sock:{DEFAULT_SOCKET} {target}, "
        "then DOCKER_HOST=unix:///tmp/engine.sock."
    )


def _folder() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _configuration() -> dict[str, Any]:
    """The docker CLI's config.json; what can't be read there is no choice of anybody's."""
    return _json(_folder() / "config.json")


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _of_context(name: str) -> Location:
    """The engine of one of the docker CLI's contexts."""
    import hashlib

    origin = f"docker's context {name}"
    identity = hashlib.sha256(name.encode()).hexdigest()
    contexts = _folder() / "contexts"
    endpoints = _json(contexts / "meta" / identity / "meta.json").get("Endpoints")
    found = endpoints.get("docker") if isinstance(endpoints, dict) else None
    endpoint = found if isinstance(found, dict) else {}
    host = endpoint.get("Host")
    if not host:
        trouble = (
            f"docker's current context is {name}, and there is no such context: `docker context "
            "ls` shows those there are, `docker context use default` goes back to the usual one."
        )
        return Location("", origin, True, trouble)
    return _given(str(host), origin, secured=(contexts / "tls" / identity / "docker").is_dir())
