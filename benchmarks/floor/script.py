"""What a bare script has: docker-py, buildx and one inspector in a pod; nothing else of ours.

The build and the pod start side by side in the background; who asks for them waits.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import docker
from grader import buildx
from grader.bases import BASES, inspector_tag
from grader.canaries import Canaries
from grader.catalog import Exercise
from grader.sandbox import LIMITS, host_config

T = TypeVar("T")


class Inspector:
    """One inspector container, spoken to over its stdin and stdout."""

    def __init__(
        self, client: docker.APIClient, role: str, sysctls: Mapping[str, str] | None = None
    ) -> None:
        self._numbers = itertools.count()
        self._answers: dict[int, Any] = {}
        host: dict[str, Any] = {"NetworkMode": "none", "AutoRemove": True, "CapDrop": ["ALL"]}
        host |= {"Sysctls": dict(sysctls or {})}
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


class Script:
    """A bare script at work: what it started, and how it starts and asks."""

    def __init__(self, exercise: Exercise, *, observed: bool) -> None:
        self.client = docker.APIClient(version="auto", timeout=60)
        self.exercise = exercise
        self.canaries = Canaries(exercise.canaries)
        self.made: list[str] = []
        self._occupant: str | None = None
        self._pool = ThreadPoolExecutor(8)
        self._built = self._pool.submit(self._build)
        self._pod = self._pool.submit(Inspector, self.client, "pod", exercise.sysctls)
        self._observer = self._pool.submit(Inspector, self.client, "observer") if observed else None

    @property
    def image(self) -> str:
        return self._built.result()

    @property
    def pod(self) -> Inspector:
        return self._pod.result()

    @property
    def observer(self) -> Inspector | None:
        return self._observer.result() if self._observer else None

    def _build(self) -> str:
        solved = {name: text.encode() for name, text in self.exercise.solved.items()}
        given, secrets = self.canaries.placed(self.exercise.given), self.canaries.build_secrets
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            _write(root / "context", {**given, **solved})
            _write(root / "secrets", secrets)
            contexts = [f"--build-context={k}=docker-image://{v}" for k, v in BASES.items()]
            command = [*buildx.command(), "build", "--network=none", "--progress=plain"]
            command += [f"--label=floor={time.time_ns()}", "--provenance=false"]
            command += [f"--build-arg={k}={v}" for k, v in self.canaries.build_arguments.items()]
            command += [f"--secret=id={k},src={root}/secrets/{k}" for k in secrets]
            command += [f"--iidfile={root / 'iid'}", *contexts, str(root / "context")]
            environment = buildx.environment(root)
            subprocess.run(command, check=True, capture_output=True, env=environment)
            image = (root / "iid").read_text()
        self.client.inspect_image(image)
        return image

    def start(
        self,
        host: Mapping[str, Any] | None = None,
        files: bytes | None = None,
        *,
        beside: bool = False,
        **config: Any,
    ) -> str:
        """Start a container in the pod, in place of the one before; or ``beside``: no network."""
        network = "none" if beside else f"container:{self.pod.id}"
        if not beside and self._occupant:
            self.client.remove_container(self._occupant, force=True, v=True)
            self.made.remove(self._occupant)
        limits = host_config(LIMITS, network=network, host_cpus=2, overrides=host)
        body = {**config, "Image": self.image, "HostConfig": limits}
        started = self.owns(self.client.create_container_from_config(body)["Id"])
        if not beside:
            self._occupant = started
        if files:
            self.client.put_archive(started, "/", files)
        self.client.start(started)
        return started

    def owns(self, container: str) -> str:
        """Remember a container that is to be removed at the end."""
        self.made.append(container)
        return container

    def beside(self, call: Callable[..., T], *arguments: Any) -> Callable[[], T]:
        """Begin a call in the background; calling the result waits for its end."""
        return self._pool.submit(call, *arguments).result

    def send(
        self,
        path: str,
        method: str = "GET",
        body: bytes = b"",
        *,
        port: int = 8000,
        timeout: float = 15.0,
        wait: float = 15.0,
    ) -> int:
        return self.pod.send(
            "request",
            method=method,
            path=path,
            port=port,
            headers={"Content-Type": "application/json"},
            body=base64.b64encode(body).decode(),
            timeout=timeout,
            wait=wait,
        )

    def request(self, path: str, method: str = "GET", body: bytes = b"", **options: Any) -> Any:
        return self.pod.receive(self.send(path, method, body, **options))

    def look(self, container: str) -> None:
        if self.observer:
            self.observer.ask("processes", container=container)

    def execute(self, container: str, *command: str) -> int:
        """The exit code of a command in the container."""
        identity = self.client.exec_create(container, list(command))["Id"]
        self.client.exec_start(identity)
        return int(self.client.exec_inspect(identity)["ExitCode"])

    def has_file(self, container: str, path: str) -> bool:
        """Whether the container has a file, which is read."""
        try:
            chunks, _ = self.client.get_archive(container, path)
        except docker.errors.NotFound:
            return False
        return any(list(chunks))

    def wait(self, container: str) -> None:
        self.client.wait(container)

    def until(self, container: str, found: Callable[[dict[str, Any]], bool]) -> None:
        """Poll inspect every twenty milliseconds: a bare script's way to wait for a state."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(docker.errors.NotFound):
                if found(self.client.inspect_container(container)):
                    return
            time.sleep(0.02)
        raise TimeoutError(container)

    def close(self) -> None:
        inspectors = [self.pod, *([self.observer] if self.observer else [])]
        self._pool.shutdown()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._remove, [*self.made, *(each.id for each in inspectors)]))
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


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def status_is(status: str) -> Callable[[dict[str, Any]], bool]:
    """For ``until``: the container's health status."""
    return lambda data: bool(data["State"].get("Health", {}).get("Status") == status)
