"""A load average that is held while a block runs, by processes that do nothing of use."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from multiprocessing.process import BaseProcess

from load import burners

KINDS = ("cpu", "disk", "engine")
CHECK_SECONDS = 2.0
ABOVE, BELOW = 1.1, 0.95
"""Beyond these shares of the wanted load a burner is taken away or added."""
EXTRA = 2
"""Burners beyond the wanted load: an average of a minute is slow to rise."""


class Burners:
    """Processes of some kinds in turn; ``most`` is how many there were at once."""

    def __init__(self, kinds: Sequence[str], folder: str) -> None:
        unknown = set(kinds) - set(KINDS)
        if unknown:
            raise ValueError(f"no kind of load: {', '.join(sorted(unknown))}")
        self._kinds, self._folder = kinds, folder
        self._context = multiprocessing.get_context("spawn")
        self._running: list[BaseProcess] = []
        self._begun = 0
        self.most = 0

    def regulate(self, wanted: float) -> None:
        """One burner more or less, as the load average of the last minute asks for it."""
        load = os.getloadavg()[0]
        if load < BELOW * wanted and len(self._running) < wanted + EXTRA:
            self._add()
        elif load > ABOVE * wanted and self._running:
            self._end(self._running.pop())

    def start(self, count: int) -> None:
        for _ in range(count):
            self._add()

    def _add(self) -> None:
        kind = self._kinds[self._begun % len(self._kinds)]
        arguments = (kind, self._folder, os.getpid())
        process = self._context.Process(target=burners.burn, args=arguments, daemon=True)
        process.start()
        self._running.append(process)
        self._begun += 1
        self.most = max(self.most, len(self._running))

    @staticmethod
    def _end(process: BaseProcess) -> None:
        process.terminate()
        process.join()

    def close(self) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            process.join()
        self._running.clear()


@contextlib.contextmanager
def held(wanted: float, kinds: Sequence[str]) -> Iterator[Burners]:
    """Hold the machine's load average at ``wanted`` until the block is left."""
    over = threading.Event()
    with tempfile.TemporaryDirectory(prefix="burners-") as folder:
        found = Burners(kinds, folder)

        def regulate() -> None:
            while not over.wait(CHECK_SECONDS):
                found.regulate(wanted)

        regulator = threading.Thread(target=regulate, daemon=True)
        try:
            found.start(round(wanted))
            regulator.start()
            yield found
        finally:
            over.set()
            if regulator.is_alive():
                regulator.join()
            found.close()
