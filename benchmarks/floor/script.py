"""What a bare script has: docker-py, buildx and one inspector in a pod; nothing else of ours.

The build and the pod start side by side in the background; who asks for them waits.
"""

from __future__ import annotations

import base64
import contextlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import docker
from floor.inspector import Inspector
from grader.answer import run_command
from grader.answer.run_command import RunCommand
from grader.engine import build, cliplugins
from grader.engine.bases import BASES
from grader.engine.client import connect
from grader.engine.sandbox import LIMITS, host_config
from grader.engine.session import Session
from grader.exercise.catalog import Exercise
from grader.probe.canaries import Canaries
from grader.stage import Stage

T = TypeVar("T")
WITHOUT_POD = frozenset({"vulnerability_gate"})
"""Exercises whose container has no network and is asked nothing."""


class Script:
    """A bare script at work: what it started, and how it starts and asks."""

    client: docker.APIClient

    def __init__(self, exercise: Exercise, *, observed: bool) -> None:
        self.exercise = exercise
        if not exercise.containers:
            return
        self.client = docker.APIClient(version="auto", timeout=60)
        self.canaries = Canaries(exercise.canaries)
        self.made: list[str] = []
        self.images: list[str] = []
        self.volumes: list[str] = []
        self.created = 0.0
        self._occupant: str | None = None
        self._pool = ThreadPoolExecutor(8)
        self._built = self._pool.submit(self.build)
        if exercise.id not in WITHOUT_POD:
            self._pod = self._pool.submit(self.inspector, "pod", exercise.sysctls)
        self._observer = self._pool.submit(self.inspector, "observer") if observed else None

    def command(self) -> RunCommand:
        """What docker makes of the solution's run.sh."""
        with Session(connect()) as session:
            stage = Stage.start(session.engine, session.id)
            found = run_command.read(self.exercise.solved["run.sh"], stage)
            stage.close()
            return found

    @property
    def image(self) -> str:
        return self._built.result()

    @property
    def pod(self) -> Inspector:
        return self._pod.result()

    @property
    def observer(self) -> Inspector | None:
        return self._observer.result() if self._observer else None

    def inspector(self, role: str, *arguments: Any) -> Inspector:
        started = Inspector(self.client, role, *arguments)
        self.owns(started.id)
        return started

    def build(self, changes: Mapping[str, bytes] = MappingProxyType({})) -> str:
        """Build the solution, with changed files where there are any."""
        solved = {name: text.encode() for name, text in self.exercise.solved.items()}
        given, secrets = self.canaries.placed(self.exercise.given), self.canaries.build_secrets
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            build.write(root / "context", {**given, **solved, **changes})
            build.write(root / "secrets", secrets)
            contexts = [f"--build-context={k}=docker-image://{v}" for k, v in BASES.items()]
            command = [*cliplugins.buildx(), "build", "--network=none", "--progress=plain"]
            command += [f"--label=floor={time.time_ns()}", "--provenance=false"]
            command += [f"--build-arg={k}={v}" for k, v in self.canaries.build_arguments.items()]
            command += [f"--secret=id={k},src={root}/secrets/{k}" for k in secrets]
            command += [f"--iidfile={root / 'iid'}", *contexts, str(root / "context")]
            environment = cliplugins.environment(root)
            subprocess.run(command, check=True, capture_output=True, env=environment)
            image = (root / "iid").read_text()
        self.images.append(image)
        self.client.inspect_image(image)
        return image

    def start(
        self,
        host: Mapping[str, Any] | None = None,
        files: bytes | None = None,
        *,
        place: str = "/",
        beside: bool = False,
        **config: Any,
    ) -> str:
        """Start a container in the pod, in place of the one before; or ``beside``: no network.
        ``files`` is a tar archive for the folder ``place``."""
        network = "none" if beside else f"container:{self.pod.id}"
        if not beside and self._occupant:
            self.client.remove_container(self._occupant, force=True, v=True)
            self.made.remove(self._occupant)
        limits = host_config(LIMITS, network=network, host_cpus=2, overrides=host)
        body = {**config, "Image": self.image, "HostConfig": limits}
        started = self.owns(self.client.create_container_from_config(body)["Id"])
        self.created = time.monotonic()
        if not beside:
            self._occupant = started
        if files:
            self.client.put_archive(started, place, files)
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
        headers: Mapping[str, str] = MappingProxyType({}),
        port: int = 8000,
        timeout: float = 15.0,
        wait: float = 15.0,
    ) -> int:
        return self.pod.send(
            "request",
            method=method,
            path=path,
            port=port,
            headers={"Content-Type": "application/json", **headers},
            body=base64.b64encode(body).decode(),
            timeout=timeout,
            wait=wait,
        )

    def request(self, path: str, method: str = "GET", body: bytes = b"", **options: Any) -> Any:
        return self.pod.receive(self.send(path, method, body, **options))

    def look(self, container: str) -> None:
        if self.observer:
            self.observer.ask("processes", container=container)

    def stop_busy(self, container: str) -> None:
        """SIGTERM while a slow request is in flight, up to the end of both."""
        slow = self.send("/slow?seconds=1.0")
        self.pod.ask("accepted", port=8000, timeout=10.0)
        self.client.kill(container, "SIGTERM")
        self.look(container)
        self.pod.receive(slow)
        self.wait(container)

    def usage(self, container: str) -> Any:
        """Figures of the container's control group."""
        assert self.observer
        pid = self.client.inspect_container(container)["State"]["Pid"]
        return self.observer.ask("cgroup", pid=pid)

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
        if not self.exercise.containers:
            return
        self._pool.shutdown()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._remove, self.made))
        for image in self.images:
            self.client.remove_image(image, force=True)
        for volume in self.volumes:
            self.client.remove_volume(volume)
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


def status_is(status: str) -> Callable[[dict[str, Any]], bool]:
    """For ``until``: the container's health status."""
    return lambda data: bool(data["State"].get("Health", {}).get("Status") == status)
