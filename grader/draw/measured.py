"""What can be drawn: plain facts with the time at which they were true.

Times are seconds since the epoch, events and probes by the engine's clock, the rest by ours; on
one machine the two are the same. Pictures show them relative to a moment of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Sample:
    """One look at the container's memory, in bytes, as ``docker stats`` counts it."""

    at: float
    bytes: int


@dataclass(frozen=True)
class EngineEvent:
    """One event of a container, as ``docker events`` shows it."""

    at: float
    action: str
    attributes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> EngineEvent:
        """From a dictionary of the Engine API."""
        attributes = event["Actor"]["Attributes"]
        return cls(event["timeNano"] / 1e9, event["Action"], attributes)


@dataclass(frozen=True)
class Probe:
    """One run of a health check: exit code 0 is healthy."""

    begin: float
    end: float
    exit_code: int
    output: str = ""

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Probe:
        """From an entry of ``State.Health.Log``."""
        begin, end = (seconds(entry[key]) for key in ("Start", "End"))
        return cls(begin, end, entry["ExitCode"], entry["Output"])


@dataclass(frozen=True)
class Request:
    """One request and what became of it: ``outcome`` in a few words."""

    text: str
    begin: float
    end: float
    outcome: str
    ok: bool


@dataclass(frozen=True)
class Mark:
    """Something that the notebook did, or wants to point at."""

    at: float
    text: str


@dataclass(frozen=True)
class Life:
    """One life of a container's process, from start to end; ``end`` is None while it lasts."""

    begin: float
    end: float | None = None
    exit_code: int | None = None
    out_of_memory: bool = False


def lives(events: Sequence[EngineEvent], since: float) -> list[Life]:
    """Each life that ``events`` tell of. What was running before the first event began at
    ``since``."""
    found: list[Life] = []
    begin: float | None = since
    for event in events:
        if event.action == "start":
            begin = event.at
        elif event.action == "die" and begin is not None and event.at > begin:
            code = int(event.attributes.get("exitCode", "0"))
            found.append(Life(begin, event.at, code, _starved(events, begin, event.at)))
            begin = None
    return [*found, Life(begin)] if begin is not None else found


def _starved(events: Sequence[EngineEvent], begin: float, end: float) -> bool:
    """Whether the kernel ran out of the container's memory; the engine may tell it a little
    after the end."""
    late = end + 0.5
    return any(event.action == "oom" and begin <= event.at <= late for event in events)


def seconds(moment: str) -> float:
    """An RFC 3339 time of the engine, which has nanoseconds, in seconds since the epoch."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", moment)).timestamp()
