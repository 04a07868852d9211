"""Facts of an image: what its configuration says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.engine.client import Engine

NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class HealthCheck:
    """A HEALTHCHECK as the image declares it; times in seconds, 0 where it is left to Docker."""

    test: tuple[str, ...]
    interval: float
    timeout: float
    start_period: float
    retries: int


@dataclass(frozen=True)
class Image:
    """An image's id and configuration; ``diffs`` are the ids of its layers, the lowest first. How
    large it is the engine says in ways of its own on each image store: see ``probe.layers``."""

    id: str
    user: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    volumes: tuple[str, ...]
    stop_signal: str
    labels: Mapping[str, str]
    health: HealthCheck | None
    history: tuple[str, ...]
    """What made the image, one instruction each, the newest first, as the image itself tells it."""
    configuration: str
    """The whole configuration as JSON, for what has no name here."""
    diffs: tuple[str, ...]


def inspect(engine: Engine, reference: str) -> Image:
    """Read an image's facts. Raises EngineError."""
    data = engine.image(reference)
    config: Mapping[str, Any] = data.get("Config") or {}
    pairs = (entry.partition("=") for entry in config.get("Env") or ())
    return Image(
        id=data["Id"],
        user=config.get("User") or "",
        entrypoint=tuple(config.get("Entrypoint") or ()),
        command=tuple(config.get("Cmd") or ()),
        environment={key: value for key, _, value in pairs},
        volumes=tuple(config.get("Volumes") or ()),
        stop_signal=config.get("StopSignal") or "SIGTERM",
        labels=config.get("Labels") or {},
        health=_health(config.get("Healthcheck")),
        history=tuple(entry["CreatedBy"] for entry in engine.history(data["Id"])),
        configuration=json.dumps(data, ensure_ascii=False, indent=1),
        diffs=tuple((data.get("RootFS") or {}).get("Layers") or ()),
    )


def _health(data: Mapping[str, Any] | None) -> HealthCheck | None:
    if not data or not data.get("Test") or data["Test"][0] == "NONE":
        return None
    return HealthCheck(
        test=tuple(data["Test"]),
        interval=data.get("Interval", 0) / NANOSECONDS,
        timeout=data.get("Timeout", 0) / NANOSECONDS,
        start_period=data.get("StartPeriod", 0) / NANOSECONDS,
        retries=data.get("Retries", 0),
    )
