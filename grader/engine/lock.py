"""Locks that tell which sessions are alive: one file each, locked by the process that made it.

A lock ends with its process, however that ends. Standard library only.
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
from pathlib import Path
from typing import IO

LABEL = "drydock.session"
HOST = "drydock.host"
STARTED = "drydock.started"


class Lock:
    """A session's lock, held until it is released."""

    def __init__(self, session: str) -> None:
        self._path = folder() / session
        self._file = _locked(self._path)

    def release(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def folder() -> Path:
    """Where the locks of this user are. Raises PermissionError when it is somebody else's."""
    place = Path(tempfile.gettempdir()) / f"drydock-{os.getuid()}"
    place.mkdir(mode=0o700, exist_ok=True)
    if place.stat().st_uid != os.getuid():
        raise PermissionError(f"{place} belongs to somebody else")
    return place


def files(session: str) -> Path:
    """The private folder of a session."""
    return folder() / f"{session}.files"


def host() -> str:
    """Which machine and user holds the locks; not readable back."""
    return hashlib.sha256(f"{platform.node()}:{os.getuid()}:{folder()}".encode()).hexdigest()[:16]


def labels(session: str) -> dict[str, str]:
    """What everything carries that a session makes from now on."""
    return {LABEL: session, HOST: host(), STARTED: str(int(time.time()))}


def new_id() -> str:
    """An unguessable session id, so that no submission can label itself into one."""
    return secrets.token_hex(8)


def _locked(path: Path) -> IO[str]:
    """Create and lock a session's file, and make sure that no sweep took it away in between."""
    while True:
        lock = path.open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(lock.fileno()).st_ino == path.stat().st_ino:
                return lock
        lock.close()


def alive(session: str, *, bury: bool = False) -> bool:
    """Whether the process that made a session of this machine still holds its lock.

    ``bury`` removes the files of a dead one while its lock is held, so that a session which begins
    at this moment can't lose its own.
    """
    try:
        with (folder() / session).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if bury:
                shutil.rmtree(files(session), ignore_errors=True)
                (folder() / session).unlink(missing_ok=True)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def bury_dead() -> None:
    """Remove the files of every session whose process is gone."""
    for path in list(folder().iterdir()):
        if not path.name.endswith(".files"):
            alive(path.name, bury=True)
