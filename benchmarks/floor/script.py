"""What a bare script has: docker-py, buildx and one inspector in a pod; nothing else of ours.

The build and the pod start side by side, as a sensible script would do it.
"""

from __future__ import annotations

import base64
import itertools
import json
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
from grader import buildx
from grader.bases import BASES, inspector_tag
from grader.catalog import Exercise
from grader.sandbox import LIMITS, host_config


class Inspector:
    """One inspector container, spoken to over its stdin and stdout."""

    def __init__(self, client: docker.APIClient, role: str) -> None:
        self._numbers = itertools.count()
        host: dict[str, Any] = {"NetworkMode": "none", "AutoRemove": True, "CapDrop": ["ALL"]}
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

    def send(self, op: str, **arguments: Any) -> None:
        request = {"id": next(self._numbers), "op": op, "args": arguments}
        self._socket.sendall(json.dumps(request).encode() + b"\n")

    def receive(self) -> Any:
        return next(self._lines).get("result")

    def ask(self, op: str, **arguments: Any) -> Any:
        self.send(op, **arguments)
        return self.receive()

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


class Script:
    """A bare script at work: what it started, and how it starts and asks."""

    def __init__(self, exercise: Exercise, *, observed: bool) -> None:
        self.client = docker.APIClient(version="auto", timeout=60)
        self.exercise = exercise
        self.made: list[str] = []
        with ThreadPoolExecutor(3) as pool:
            built = pool.submit(self._build)
            pod = pool.submit(Inspector, self.client, "pod")
            observer = pool.submit(Inspector, self.client, "observer") if observed else None
            self.image, self.pod = built.result(), pod.result()
            self.observer = observer.result() if observer else None
        self.client.inspect_image(self.image)

    def _build(self) -> str:
        solved = {name: text.encode() for name, text in self.exercise.solved.items()}
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name, content in {**self.exercise.given, **solved}.items():
                (root / name).write_bytes(content)
            contexts = [f"--build-context={k}=docker-image://{v}" for k, v in BASES.items()]
            command = [*buildx.command(), "build", "--network=none", "--progress=plain"]
            command += [f"--label=floor={time.time_ns()}", "--provenance=false"]
            command += [f"--iidfile={root / 'iid'}", *contexts, folder]
            environment = buildx.environment(root)
            subprocess.run(command, check=True, capture_output=True, env=environment)
            return (root / "iid").read_text()

    def start(
        self, host: dict[str, Any] | None = None, files: bytes | None = None, **config: Any
    ) -> str:
        for container in self.made:
            self.client.remove_container(container, force=True, v=True)
        self.made.clear()
        network = f"container:{self.pod.id}"
        limits = host_config(LIMITS, network=network, host_cpus=2, overrides=host)
        body = {"Image": self.image, "HostConfig": limits, **config}
        started: str = self.client.create_container_from_config(body)["Id"]
        self.made.append(started)
        if files:
            self.client.put_archive(started, "/", files)
        self.client.start(started)
        return started

    def send(self, path: str, method: str = "GET", body: bytes = b"") -> None:
        self.pod.send(
            "request",
            method=method,
            path=path,
            port=8000,
            headers={"Content-Type": "application/json"},
            body=base64.b64encode(body).decode(),
            timeout=15.0,
            wait=15.0,
        )

    def request(self, path: str, method: str = "GET", body: bytes = b"") -> Any:
        self.send(path, method, body)
        return self.pod.receive()

    def look(self, container: str) -> None:
        if self.observer:
            self.observer.ask("processes", container=container)

    def wait(self, container: str) -> None:
        self.client.wait(container)

    def until(self, container: str, found: Callable[[dict[str, Any]], bool]) -> None:
        """Poll inspect every five milliseconds: a bare script's way to wait for a state."""
        while not found(self.client.inspect_container(container)):
            time.sleep(0.005)

    def close(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            ids = [*self.made, self.pod.id, *([self.observer.id] if self.observer else [])]
            list(pool.map(self._remove, ids))
        self.client.remove_image(self.image, force=True)
        self.client.close()

    def _remove(self, container: str) -> None:
        """One that removes itself is gone already; one that restarts right now refuses once."""
        for _ in range(3):
            try:
                return self.client.remove_container(container, force=True, v=True)
            except docker.errors.NotFound:
                return None
            except docker.errors.APIError:
                time.sleep(0.02)
        return None
