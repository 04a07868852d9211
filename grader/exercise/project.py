"""Where things lie: the project's folders, found from this file, and the learner's state.

``DRYDOCK_WORKSPACE`` and ``DRYDOCK_STATE`` move the two folders that are written to, for tests
and for classrooms where the project itself is read-only.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
EXERCISES = ROOT / "exercises"
SOLUTIONS = ROOT / "solutions"
CHECKS = ROOT / "grader" / "checks"
NOTEBOOKS = ROOT / "notebooks"
VARIANTS = ROOT / "grader" / "tests" / "variants"

DEBUG = "DRYDOCK_DEBUG"
"""The environment variable with which an author sees pytest's output and tracebacks."""


def workspace() -> Path:
    """The folder of the learner's answers: one folder per exercise."""
    return Path(os.environ.get("DRYDOCK_WORKSPACE") or ROOT / "workspace")


def state() -> Path:
    """The folder for progress, hints seen and results."""
    return Path(os.environ.get("DRYDOCK_STATE") or ROOT / ".drydock")
