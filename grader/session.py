"""A session: everything that one grading creates, labelled so that all of it can be removed.

A session is alive as long as its process holds the lock on its file: that ends with the process,
however it ends. Whatever carries the label of a session that is no longer alive is swept by the
next command.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import secrets
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from grader.engine import Engine, connect

LABEL = "drydock.session"
HOST = "drydock.host"
STARTED = "drydock.started"
REMOVING_ROUNDS = 5
LONGEST_SECONDS = 3600
"""No grading takes longer: what is older and foreign belongs to nobody."""


def _locks() -> Path:
    folder = Path(tempfile.gettempdir()) / f"drydock-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder


def _folder(session: str) -> Path:
    return _locks() / f"{session}.files"


def _host() -> str:
    """Which machine and user holds the locks; not readable back."""
    return hashlib.sha256(f"{platform.node()}:{os.getuid()}:{_locks()}".encode()).hexdigest()[:16]


class Session:
    """The owner of containers and images. Use as a context manager: leaving removes them all."""

    def __init__(self, engine: Engine, name: str | None = None) -> None:
        self.engine = engine
        self.id = name or new_id()
        self._path = _locks() / self.id
        self._lock = _lock(self._path)
        self.folder = _folder(self.id)
        """A private folder for files that live as long as the session."""
        self.folder.mkdir(mode=0o700)
        self._containers: list[str] = []
        self._images: list[str] = []

    @property
    def labels(self) -> dict[str, str]:
        return {LABEL: self.id, HOST: _host(), STARTED: str(int(time.time()))}

    def owns(self, container: str) -> str:
        """Remember a container so that closing is quick."""
        self._containers.append(container)
        return container

    def owns_image(self, image: str) -> str:
        self._images.append(image)
        return image

    def close(self) -> None:
        """Remove everything the session made. Errors of the engine are left to the next sweep."""
        with contextlib.suppress(Exception):
            if self._containers:
                with ThreadPoolExecutor(len(self._containers)) as pool:
                    list(pool.map(self.engine.remove, self._containers))
            for image in self._images:
                self.engine.remove_image(image)
            _remove(self.engine, f"{LABEL}={self.id}")
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _lock(path: Path) -> IO[str]:
    """Create and lock a session's file, and make sure that no sweep took it away in between."""
    while True:
        lock = path.open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
                return lock
        lock.close()


def new_id() -> str:
    """An unguessable session id, so that no submission can label itself into one."""
    return secrets.token_hex(8)


def alive(session: str, *, bury: bool = False) -> bool:
    """Whether the process that made a session of this machine still holds its lock.

    ``bury`` removes the files of a dead one while its lock is held, so that a session which begins
    at this moment can't lose its own.
    """
    try:
        with (_locks() / session).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if bury:
                shutil.rmtree(_folder(session), ignore_errors=True)
                (_locks() / session).unlink(missing_ok=True)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def sweep(engine: Engine | None = None) -> list[str]:
    """Remove what dead sessions left behind; one line for each thing removed.

    Raises EngineError.
    """
    engine = engine or connect()
    dead = []
    for kind, identity, labels in engine.labelled(LABEL):
        if labels.get(HOST) == _host():
            is_dead = not alive(labels[LABEL])
        else:
            started = labels.get(STARTED, "0")
            age = time.time() - (int(started) if started.isdigit() else 0)
            is_dead = age > LONGEST_SECONDS
        if is_dead:
            dead.append((kind, identity))
    lines = _remove_all(engine, dead)
    for path in list(_locks().iterdir()):
        if not path.name.endswith(".files"):
            alive(path.name, bury=True)
    return lines


def remove(engine: Engine, session: str) -> None:
    """Remove everything of one session, whoever made it. Raises EngineError."""
    _remove(engine, f"{LABEL}={session}")


def _remove(engine: Engine, label: str) -> None:
    """A container that its policy restarts right now may refuse once: look again."""
    for _ in range(REMOVING_ROUNDS):
        found = [(kind, identity) for kind, identity, _ in engine.labelled(label)]
        if not found:
            return
        _remove_all(engine, found)


def _remove_all(engine: Engine, things: list[tuple[str, str]]) -> list[str]:
    removers = {
        "container": engine.remove,
        "image": engine.remove_image,
        "network": engine.remove_network,
        "volume": engine.remove_volume,
    }
    for kind in removers:
        for found, identity in things:
            if found == kind:
                removers[kind](identity)
    return [f"{kind} {identity.removeprefix('sha256:')[:12]}" for kind, identity in things]
