"""Section 3: what comes back after a crash, and what stays down."""

from __future__ import annotations

from typing import Any

from floor.script import Script
from grader import compose
from grader.engine import permitted

OBSERVED: frozenset[str] = frozenset()
"""Exercises whose processes are looked at."""


def restart_on_failure(script: Script) -> None:
    command = script.command()
    host, config = permitted.capped(command.host), command.config
    broken, once = (
        script.start(host, beside=True, **{**config, "Env": [setting]})
        for setting in ("MODEL=missing.json", "ONCE=1")
    )
    serving = script.start(host, **config)
    script.request("/health")
    _crash(script, serving, "/crash?code=3")
    script.until(broken, lambda data: data["RestartCount"] == 3 and not data["State"]["Running"])
    script.until(once, lambda data: not data["State"]["Running"])


def restart_unless_stopped(script: Script) -> None:
    service = compose.read(script.exercise.solved["compose.yaml"]).service()
    container = script.start(service.sandboxed, **service.config)
    script.request("/health")
    _crash(script, container, "/crash")
    script.client.stop(container)
    script.client.inspect_container(container)


def _crash(script: Script, container: str, path: str) -> None:
    """Crash the service; it is started again and answers."""

    def is_back(data: dict[str, Any]) -> bool:
        return data["RestartCount"] > 0 and not data["State"]["Restarting"]

    script.request(path, "POST")
    script.until(container, is_back)
    script.request("/health")
