"""What keeps a machine busy: a processor, a disk, an engine. Each runs until its process is ended,
or until the process that began it is gone."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

CHUNK = 8 << 20
FILE_CHUNKS = 8
IMAGE = "python:3.11-slim"


def burn(kind: str, parent: int) -> None:
    """Keep one thing busy."""
    work = _WORK[kind]
    with tempfile.TemporaryDirectory(prefix="burner-") as folder:
        while os.getppid() == parent:
            work(folder)


def _processor(_: str) -> None:
    sum(number * number for number in range(200_000))


def _disk(folder: str) -> None:
    path = Path(folder) / "file"
    with path.open("wb") as file:
        for _ in range(FILE_CHUNKS):
            file.write(os.urandom(CHUNK))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def _engine(_: str) -> None:
    command = ["docker", "run", "--rm", "--network=none", IMAGE, "true"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


_WORK: Mapping[str, Callable[[str], None]] = {
    "cpu": _processor,
    "disk": _disk,
    "engine": _engine,
}
