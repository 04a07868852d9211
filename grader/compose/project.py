"""Services of a compose file, brought up together by Compose itself on the real engine.

Compose is given a file of ours: what it made of each reviewed service, inside the sandbox, without
a network, labelled as the session's. Only what depends on what is the learner's own word.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from grader.compose.service import Service
from grader.engine import build, cliplugins, permitted
from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.verdict.text import clean

FILE = "compose.yaml"
PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
WORDS = {"Cmd": "command", "Entrypoint": "entrypoint", "Env": "environment", "User": "user"} | {
    "WorkingDir": "working_dir",
    "StopSignal": "stop_signal",
}
UP_SECONDS = 60.0
"""When Compose is stopped, whatever it waits for."""
NEVER = "0001-01-01"
"""The day on which the engine says that a container started which never was."""


class Project:
    """One ``docker compose up -d``, running in the background from the moment it is made."""

    def __init__(
        self,
        bench: Bench,
        name: str,
        services: Mapping[str, Any],
        configs: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """``services`` as ``written`` makes them, ``configs`` as ``mounted`` does; ``name`` tells
        projects of a session apart."""
        self._bench = bench
        self._name = f"drydock-{bench.session.id}-{name}"
        self._folder = Path(tempfile.mkdtemp(prefix="up-", dir=bench.session.folder))
        file = {"name": self._name, "services": services, "configs": dict(configs)}
        (self._folder / FILE).write_text(json.dumps(file))
        command = ["-p", self._name, "up", "-d", "--no-build", "--pull=never"]
        with (self._folder / "said").open("wb") as said:
            self._process = subprocess.Popen(
                [*build.tether(), *cliplugins.compose(), *command],
                cwd=self._folder,
                env=cliplugins.environment(self._folder),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        threading.Thread(target=self._await_end, daemon=True).start()
        self._timer = threading.Timer(UP_SECONDS, self._kill)
        self._timer.daemon = True
        self._timer.start()

    def _await_end(self) -> None:
        self._process.wait()
        self._bench.watch.ring()

    @property
    def finished(self) -> bool:
        """Whether Compose itself has ended, with or without success."""
        return self._process.poll() is not None

    @property
    def failed(self) -> bool:
        """Whether Compose has ended without success."""
        return self._process.poll() not in (None, 0)

    @property
    def said(self) -> str:
        """What Compose printed last, without the names that only we gave."""
        text = (self._folder / "said").read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in clean(text).splitlines() if line.strip()]
        last = lines[-1] if lines else ""
        return last.replace(f"{self._folder}/", "").replace(f"{self._name}-", "")[:400]

    def container(self, service: str) -> str | None:
        """The id of a service's container, as soon as there is one."""
        labels = {PROJECT: self._name, SERVICE: service}
        made = self._bench.watch.created(labels)
        return made[0] if made else None

    def has_started(self, service: str) -> bool:
        """Whether a service's container was ever started, as the engine itself says: its events
        come later, when the machine is busy. Raises EngineError."""
        identity = self.container(service)
        if identity is None:
            return False
        started: str = self._bench.engine.inspect(identity)["State"]["StartedAt"]
        return not started.startswith(NEVER)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End Compose, and remove what it made so far; the session removes the rest."""
        self._timer.cancel()
        if not self.finished:
            self._kill()
            self._process.wait()
        for identity in self._bench.watch.created({PROJECT: self._name}):
            self._bench.session.owns(identity)


def written(bench: Bench, image: Image, service: Service, depends_on: Any) -> dict[str, Any]:
    """A service for our file: the learner's program and its surroundings, our limits."""
    limits, host = bench.limits, service.sandboxed
    if service.mounted and host.get("ReadonlyRootfs"):
        raise permitted.refused(
            f"{service.file}, service {service.name},",
            f"a mount at {min(service.mounted)[:60]}",
            "in this exercise nothing is mounted into a service that is read_only; COPY the file",
        )
    places = [mount["Target"] for mount in host["Mounts"]]
    bounded = dict.fromkeys([*places, *image.volumes], f"size={limits.tmpfs_bytes},mode=1777")
    own = {word: service.config[key] for key, word in WORDS.items() if key in service.config}
    # A name without a value would take one from the environment that Compose runs in.
    own["environment"] = [pair for pair in own.get("environment", []) if "=" in pair]
    ours = {
        "image": image.id,
        "pull_policy": "never",
        "network_mode": "none",
        "extra_hosts": {service.name: "127.0.0.1"},
        "labels": bench.session.labels,
        "mem_limit": limits.memory,
        "memswap_limit": limits.memory,
        "pids_limit": limits.pids,
        "cpus": min(limits.cpus, bench.engine.facts.cpus),
        "security_opt": host.get("SecurityOpt", []),
        "cap_drop": host.get("CapDrop", []),
        "ulimits": {"fsize": limits.file_bytes},
        "tmpfs": [f"{place}:{how}" for place, how in {**bounded, **host["Tmpfs"]}.items()],
        "read_only": bool(host.get("ReadonlyRootfs")),
        "configs": [
            {"source": source, "target": target, "mode": "0644"}
            for source, (target, _) in _sources(service).items()
        ],
        "init": bool(host.get("Init")),
        "logging": {
            "driver": "json-file",
            "options": {"max-size": str(limits.log_bytes), "max-file": "2"},
        },
    }
    if policy := (host.get("RestartPolicy") or {}).get("Name"):
        ours["restart"] = policy
    literal: dict[str, Any] = _literal({**own, **ours})
    return literal | ({"depends_on": depends_on} if depends_on else {})


def mounted(services: Iterable[Service]) -> dict[str, Any]:
    """The answer's files that services mount, as our file's configurations: Compose puts their text
    into the container, so the engine needs to see no folder of ours. Raises NotInLab for one that
    is no text."""
    configs = {}
    for service in services:
        for source, (target, content) in _sources(service).items():
            try:
                configs[source] = {"content": _literal(content.decode())}
            except UnicodeDecodeError as error:
                raise permitted.refused(
                    f"{service.file}, service {service.name},",
                    f"a mount at {target[:60]}",
                    "in this exercise only text is mounted; COPY the file",
                ) from error
    return configs


def _sources(service: Service) -> dict[str, tuple[str, bytes]]:
    """By a name of ours, where a mounted file goes and what it holds."""
    return {
        f"{service.name}-{number}": (target, service.contents[name])
        for number, (target, name) in enumerate(sorted(service.mounted.items()))
    }


def health_check(test: list[str], *, retries: int, **seconds: float) -> dict[str, Any]:
    """A health check for our file, with times of ours."""
    times = {key: f"{int(value * 1000)}ms" for key, value in seconds.items()}
    check: dict[str, Any] = _literal({"test": test, "retries": retries, **times})
    return check


def _literal(value: Any) -> Any:
    """Compose has put in variables already; it shall not look for more."""
    if isinstance(value, dict):
        return {key: _literal(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_literal(each) for each in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
