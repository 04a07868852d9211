"""Waiting for things to happen: the engine's events of one session, and a bell for the rest.

Every wait has a deadline, is woken by events, and never sleeps. A stream that ends while the
session still lives means that the engine went away: ``lost``.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from grader.engine.client import Engine
from grader.engine.patience import Patience, metronome
from grader.verdict.outcome import EngineError

T = TypeVar("T")
BACKDATED_SECONDS = 60
"""The session's label is new, so asking for older events costs nothing and forgives a clock that
differs from the engine's."""


class Watch:
    """The events of everything that carries one label."""

    def __init__(self, engine: Engine, label: str) -> None:
        self.metronome = metronome()
        self._condition = threading.Condition()
        self._events: list[dict[str, Any]] = []
        self.lost = False
        stream = engine.events(label, int(time.time()) - BACKDATED_SECONDS)
        threading.Thread(target=self._listen, args=(stream,), daemon=True).start()

    def _listen(self, stream: Any) -> None:
        with contextlib.suppress(Exception):
            for event in stream:
                with self._condition:
                    self._events.append(event)
                    self._condition.notify_all()
        with self._condition:
            self.lost = True
            self._condition.notify_all()

    def ring(self, *_: object) -> None:
        """Wake all waits, so that they look at their condition again."""
        with self._condition:
            self._condition.notify_all()

    def wait(self, found: Callable[[], T | None], seconds: float) -> T | None:
        """The first truthy value of ``found``, or None after ``seconds`` that the machine gave.

        Raises EngineError when the engine goes away meanwhile, and MachineTooBusy.
        """
        patience = Patience(seconds)
        with self._condition:
            while not (value := found()):
                if self.lost:
                    raise EngineError(
                        "The Docker Engine went away in the middle. Nothing was scored; "
                        "./lab doctor says what is wrong."
                    )
                if (left := patience.left()) <= 0:
                    return None
                self._condition.wait(left)
            return value

    def of(self, container: str, *actions: str) -> list[dict[str, Any]]:
        """The events of a container so far whose action is (or starts with) one of ``actions``."""
        with self._condition:
            return [
                event
                for event in self._events
                if event.get("Type") == "container"
                and event["Actor"]["ID"] == container
                and (not actions or event["Action"].startswith(actions))
            ]

    def created(self, attributes: Mapping[str, str]) -> list[str]:
        """The ids of the containers created so far that carry these labels (or names)."""
        with self._condition:
            return [
                event["Actor"]["ID"]
                for event in self._events
                if event.get("Type") == "container"
                and event["Action"] == "create"
                and attributes.items() <= event["Actor"]["Attributes"].items()
            ]


def moment(event: dict[str, Any]) -> float:
    """When an event happened, in seconds by the engine's own clock."""
    return float(event["timeNano"]) / 1e9
