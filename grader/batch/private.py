"""An instructor's own checks, kept outside the repository: ``DIR/test_EXERCISE.py``, also below
folders of sections. They are judged beside the course's checks of the same exercise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grader.exercise import checkspec
from grader.exercise.catalog import Exercise
from grader.verdict.outcome import UsageError


def read(folder: Path, exercises: Mapping[str, Exercise]) -> dict[str, bytes]:
    """The sources by exercise. Raises UsageError for a module that can't be used."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder of checks.")
    found = {}
    for path in sorted(folder.rglob("test_*.py")):
        name = path.stem.removeprefix("test_")
        if name not in exercises:
            raise UsageError(f"{path} names no exercise: the file of one is test_EXERCISE.py.")
        if name in found:
            raise UsageError(f"There are two modules of checks for {name} in {folder}.")
        _review(path, exercises[name])
        found[name] = path.read_bytes()
    if not found:
        raise UsageError(f"{folder} holds no checks: the file of an exercise is test_EXERCISE.py.")
    return found


def _review(path: Path, exercise: Exercise) -> None:
    try:
        checks = checkspec.read(path)
    except (OSError, SyntaxError, ValueError) as error:
        raise UsageError(f"{path} can't be read as checks: {error}") from error
    taken = {check.id for check in exercise.checks}
    for check in checks:
        if check.id in taken:
            raise UsageError(f"{path}: {exercise.id} has a check called {check.id} already.")
        taken.add(check.id)
