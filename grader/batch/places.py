"""How many gradings run at once: as many as this machine can give enough of itself, counted anew
before each begins."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from grader.engine.patience import metronome

PER_CORE = 2
"""At the beginning, for each core: most of a grading is waiting for the engine."""
MOST_PER_CORE = 3
ROOM, CROWDED = 0.7, 0.25
"""The share of the machine that a program gets: where there is room for one more, and where there
is one too many. A failed verdict is doubted below 0.1 (``grading.second_look``)."""
RECENT_SECONDS = 3.0
LOOK_SECONDS = 0.5


class Places:
    """Places for gradings; ``fixed`` ones, or as many as keep verdicts fair."""

    def __init__(self, fixed: int | None = None) -> None:
        cores = os.cpu_count() or 1
        self.most = fixed or MOST_PER_CORE * cores
        self._fixed = fixed is not None
        self._allowed = fixed or PER_CORE * cores
        self._taken = 0
        self._free = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Have a place, once there is one."""
        with self._free:
            while self._taken >= self._counted():
                self._free.wait(LOOK_SECONDS)
            self._taken += 1
        try:
            yield
        finally:
            with self._free:
                self._taken -= 1
                self._free.notify()

    def _counted(self) -> int:
        if self._fixed or not self._taken:
            return max(1, self._allowed)
        share = metronome().share(time.monotonic() - RECENT_SECONDS)
        if share < CROWDED:
            self._allowed = max(1, self._taken)
            return self._taken
        if share > ROOM and self._taken == self._allowed:
            self._allowed = min(self.most, self._allowed + 1)
        return self._allowed
