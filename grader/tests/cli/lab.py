"""Calls the command line as a person does: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.exercise import project


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON document on stdout. Raises ValueError when there is more or less."""
        content: dict[str, Any] = json.loads(self.out)
        return content


def lab(*arguments: str | Path, folder: Path, **environment: str) -> Done:
    """Run ``./lab ARGUMENTS`` with workspace and state in ``folder``."""
    done = subprocess.run(
        [sys.executable, "-m", "grader", *map(str, arguments)],
        cwd=project.ROOT,
        env={
            **os.environ,
            "DRYDOCK_WORKSPACE": str(folder / "workspace"),
            "DRYDOCK_STATE": str(folder / "state"),
            **environment,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)
