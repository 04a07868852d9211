"""What looks for a bare script: the pod, the observer and the log collector, as containers."""

from __future__ import annotations

import itertools
import json
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import docker
from grader.engine.bases import inspector_tag


class Inspector:
    """One inspector container, spoken to over its stdin and stdout."""

    def __init__(
        self,
        client: docker.APIClient,
        role: str,
        sysctls: Mapping[str, str] | None = None,
        mounts: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self._numbers = itertools.count()
        self._answers: dict[int, Any] = {}
        host: dict[str, Any] = {"NetworkMode": "none", "AutoRemove": True, "CapDrop": ["ALL"]}
        host |= {"Sysctls": dict(sysctls or {}), "Mounts": mounts}
        if role == "observer":
            host |= {"PidMode": "host", "CapAdd": ["SYS_PTRACE"]}
        body = {"Image": inspector_tag(), "Cmd": [role], "OpenStdin": True, "StdinOnce": True}
        body |= {"AttachStdin": True, "AttachStdout": True, "HostConfig": host}
        self.id = client.create_container_from_config(body)["Id"]
        raw = client.attach_socket(self.id, {"stdin": 1, "stdout": 1, "stream": 1})
        self._socket: socket.socket = raw._sock
        self._socket.settimeout(60)
        client.start(self.id)
        self._lines = self._read()
        next(self._lines)

    def send(self, op: str, **arguments: Any) -> int:
        """The number under which the answer can be received."""
        number = next(self._numbers)
        request = {"id": number, "op": op, "args": arguments}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        return number

    def receive(self, number: int) -> Any:
        while number not in self._answers:
            answer = next(self._lines)
            self._answers[answer["id"]] = answer.get("result")
        return self._answers.pop(number)

    def ask(self, op: str, **arguments: Any) -> Any:
        return self.receive(self.send(op, **arguments))

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)

    def _read(self) -> Iterator[dict[str, Any]]:
        pending = b""
        while True:
            header = self._exactly(8)
            pending += self._exactly(struct.unpack(">BxxxL", header)[1])
            *lines, pending = pending.split(b"\n")
            yield from map(json.loads, lines)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += self._socket.recv(size - len(data))
        return data
