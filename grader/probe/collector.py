"""The lab's log collector: a container of ours that the engine's fluentd driver sends to.

The engine itself connects, so the collector needs no network: it listens on a socket file in a
volume of its own. Nothing is published, and no container of a submission can reach it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.probe.bench import Bench
from grader.probe.inspector.client import Inspector
from grader.verdict.outcome import EngineError

SOCKET = "socket"
ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Event:
    """One event as it arrived."""

    tag: str
    record: Mapping[str, Any]

    @property
    def text(self) -> str:
        return str(self.record.get("log", ""))


class Collector:
    """Starts in the background and listens; ends with its session."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._started: list[Inspector] = []
        self._wait = bench.beside(self._start)

    def _start(self) -> None:
        inspector = Inspector.start(
            self._bench.engine, self._bench.watch, self._bench.session.id, "collector"
        )
        self._started.append(inspector)

    @property
    def _inspector(self) -> Inspector:
        self._wait()
        return self._started[0]

    @property
    def address(self) -> str:
        """What the option fluentd-address takes."""
        mounts = self._bench.engine.inspect(self._inspector.id)["Mounts"]
        if not mounts:
            raise EngineError("The lab's log collector has no volume. Nothing was scored.")
        return f"unix://{mounts[0]['Source']}/{SOCKET}"

    def events(self, containing: str, count: int, seconds: float) -> list[Event]:
        """All that arrived, as soon as ``count`` events hold a text or ``seconds`` are over."""
        seconds = self._bench.watch.metronome.stretched(seconds)
        arrived = self._inspector.ask(
            "records", seconds + ANSWER_SECONDS, containing=containing, count=count, timeout=seconds
        )
        return [Event(item["tag"], item["record"]) for item in arrived]

    def lose(self) -> None:
        """Take it away, as a crash of its machine would."""
        self._inspector.ask("lost", ANSWER_SECONDS)

    def find(self) -> None:
        """Bring it back: the engine can't remove a container whose lines it can't get rid of."""
        with contextlib.suppress(EngineError):
            self._inspector.ask("found", ANSWER_SECONDS)
