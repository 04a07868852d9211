"""Services with a client that doesn't go away, stopped: one whose client is idle, one whose client
never sends the rest of its request.

The clients are a program that lies in the image, ``client.py KIND``: it returns when the service
has to do with it, and stays connected. What else is stopped at that time isn't known here.
"""

from __future__ import annotations

import contextlib
import functools
from typing import Any

from grader.engine.image import Image
from grader.engine.patience import LONGEST_SECONDS
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.facts import Exit
from grader.verdict.outcome import EngineError, LearnerFault

GRACE_SECONDS = 5
"""What docker stop waits here before it kills."""
GONE_SECONDS = LONGEST_SECONDS + 5.0
"""Until the engine has killed it, whatever the grace period is on a busy machine."""
KINDS = ("endless", "idle")


def stopping(bench: Bench) -> dict[str, Any]:
    """The grace period, as seconds that this machine gives: the engine counts them by the clock on
    the wall."""
    return {"StopTimeout": round(bench.watch.metronome.stretched(GRACE_SECONDS))}


def ended(container: Container) -> Exit:
    """How a container ended that was told to stop. Raises EngineError when it never does."""
    end = container.wait_exit(GONE_SECONDS)
    if end is None:
        raise EngineError("The engine neither saw the container stop nor killed it.")
    return end


class Lingering:
    """Two containers: a client of ours is connected to each, one that is ``idle`` and one that is
    ``endless``. They are stopped together with the one that has a batch in flight, so that nobody
    waits for three stops."""

    def __init__(self, image: Image, start: Start, bench: Bench) -> None:
        self.config = stopping(bench)
        self._containers = {kind: start(image, config=self.config, beside=True) for kind in KINDS}
        self._running = list(self._containers.values())
        self._connected = {
            kind: bench.beside(functools.partial(self._connect, kind)) for kind in self._containers
        }

    def _connect(self, kind: str) -> None:
        code, said = self._containers[kind].execute("python", "client.py", kind)
        if code:
            raise LearnerFault(f"The service could not be asked: {said.strip()[-200:]}.")

    def stop(self) -> None:
        """Tell both to stop, once."""
        while self._running:
            self._running.pop().stop()

    def is_later(self, kind: str, end: Exit, limit: float) -> bool:
        """Whether it ended later than ``limit`` seconds after the signal. Raises MachineTooBusy."""
        return self._containers[kind].is_later(end.seconds or 0.0, limit)

    def wait_connected(self) -> None:
        """Return when both clients are connected, or can't be."""
        for kind in self._containers:
            with contextlib.suppress(LearnerFault):
                self._connected[kind]()

    def end(self, kind: str) -> Exit:
        """How it ended. Raises LearnerFault when no client could connect to it."""
        self._connected[kind]()
        return ended(self._containers[kind])
