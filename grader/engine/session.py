"""A session: everything that one grading creates, labelled so that all of it can be removed.

A session is alive as long as its process holds its lock, see ``lock``. Whatever carries the label
of a session that is no longer alive is swept by the next command.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from grader.engine import lock
from grader.engine.client import Engine, connect
from grader.engine.client.call import Refused
from grader.engine.lock import HOST, LABEL, STARTED, Lock
from grader.verdict.outcome import EngineError

REMOVING_SECONDS = 10.0
PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 0.25
LATE_SECONDS = 0.5
"""An engine that was exporting an image when its client was killed goes on: 0.2 s for a layer of
150 MB where it was measured."""
LONGEST_SECONDS = 3600
"""No grading takes longer: what is older and foreign belongs to nobody."""


class Session:
    """The owner of containers and images. Use as a context manager: leaving removes them all."""

    def __init__(self, engine: Engine, name: str | None = None) -> None:
        self.engine = engine
        self.id = name or lock.new_id()
        self._lock = Lock(self.id)
        self.folder = lock.files(self.id)
        """A private folder for files that live as long as the session."""
        self.folder.mkdir(mode=0o700)
        self._containers: list[str] = []
        self._images: list[str] = []

    @property
    def labels(self) -> dict[str, str]:
        return lock.labels(self.id)

    def owns(self, container: str) -> str:
        """Remember a container so that closing is quick."""
        self._containers.append(container)
        return container

    def owns_image(self, image: str) -> str:
        self._images.append(image)
        return image

    def close(self) -> None:
        """Remove everything the session made. Errors of the engine are left to the next sweep."""
        with contextlib.suppress(EngineError):
            if self._containers:
                with ThreadPoolExecutor(len(self._containers)) as pool:
                    list(pool.map(self.engine.remove, self._containers))
        with contextlib.suppress(EngineError):
            for image in self._images:
                self.engine.remove_image(image)
        with contextlib.suppress(EngineError):
            _remove(self.engine, f"{LABEL}={self.id}")
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def sweep(engine: Engine | None = None) -> list[str]:
    """Remove what dead sessions left behind; one line for each thing removed.

    Raises EngineError.
    """
    engine = engine or connect()
    dead = []
    for kind, identity, labels in engine.labelled(LABEL):
        if labels.get(HOST) == lock.host():
            is_dead = not lock.alive(labels[LABEL])
        else:
            started = labels.get(STARTED, "0")
            age = time.time() - (int(started) if started.isdigit() else 0)
            is_dead = age > LONGEST_SECONDS
        if is_dead:
            dead.append((kind, identity))
    lines = _remove_all(engine, dead)
    lock.bury_dead()
    return lines


def remove(engine: Engine, session: str) -> None:
    """Remove everything of one session whose process was killed. Raises EngineError."""
    _remove(engine, f"{LABEL}={session}")
    time.sleep(LATE_SECONDS)
    _remove(engine, f"{LABEL}={session}")


def _remove(engine: Engine, label: str) -> None:
    """What its restart policy starts right now may refuse once, and so does the image of a
    container whose removal isn't through: look again, a little later each time."""
    deadline = time.monotonic() + REMOVING_SECONDS
    pause = 0.0
    while found := [(kind, identity) for kind, identity, _ in engine.labelled(label)]:
        time.sleep(pause)
        pause = min(pause + PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        _remove_all(engine, found)
        if time.monotonic() > deadline:
            return


def _remove_all(engine: Engine, things: list[tuple[str, str]]) -> list[str]:
    removers = {
        "container": engine.remove,
        "image": engine.remove_image,
        "network": engine.remove_network,
        "volume": engine.remove_volume,
    }
    removed = []
    for kind, remover in removers.items():
        for identity in (identity for found, identity in things if found == kind):
            with contextlib.suppress(Refused):  # it doesn't keep the others
                remover(identity)
                removed.append(f"{kind} {identity.removeprefix('sha256:')[:12]}")
    return removed
