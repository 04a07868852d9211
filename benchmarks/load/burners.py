"""What keeps a machine busy: a processor, a disk, an engine. Each runs until its process is ended,
or until the process that began it is gone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

CHUNK = 8 << 20
FILE_CHUNKS = 8
IMAGE = "python:3.11-slim"


def burn(kind: str, folder: str, parent: int) -> None:
    """Keep one thing busy; files lie in ``folder``, whose owner removes it."""
    work, place = _WORK[kind], Path(folder) / str(os.getpid())
    while os.getppid() == parent:
        work(place)


def _processor(_: Path) -> None:
    sum(number * number for number in range(200_000))


def _disk(path: Path) -> None:
    with path.open("wb") as file:
        for _ in range(FILE_CHUNKS):
            file.write(os.urandom(CHUNK))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def _engine(_: Path) -> None:
    command = ["docker", "run", "--rm", "--network=none", IMAGE, "true"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


_WORK: Mapping[str, Callable[[Path], None]] = {
    "cpu": _processor,
    "disk": _disk,
    "engine": _engine,
}
