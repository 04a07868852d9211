"""The learner's own folder of an exercise: answers as they are written, given files beside them.

The given files are there so that the commands of a receipt work when typed in the folder; the
grader never reads them from there.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from grader.exercise import project
from grader.exercise.catalog import Exercise
from grader.verdict.outcome import UsageError

KEPT = ".old"


def write_answer(exercise: Exercise, name: str, text: str) -> Path:
    """Save one answer file. Raises UsageError when ``name`` isn't the learner's to write."""
    if name not in exercise.answers:
        given = "is given and can't be replaced" if name in exercise.given else "isn't asked for"
        raise UsageError(
            f"{name} {given}; the answer files of {exercise.id} are {', '.join(exercise.answers)}."
        )
    _put_given_files(exercise)
    path = exercise.workspace / name
    _write(path, text.encode("utf-8", "surrogatepass"))
    return path


def reset(exercise: Exercise) -> Path | None:
    """Put the starter into the workspace. Returns where the former answers are kept, if any.

    Raises UsageError when the folder can't be written.
    """
    kept = None
    try:
        if exercise.workspace.exists():
            kept = _free_name(exercise)
            kept.parent.mkdir(parents=True, exist_ok=True)
            exercise.workspace.rename(kept)
        _put_given_files(exercise)
        for name, text in exercise.starter.items():
            _write(exercise.workspace / name, text.encode())
    except OSError as error:
        raise UsageError(f"{exercise.workspace} can't be written: {error.strerror}.") from error
    return kept


def _free_name(exercise: Exercise) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    base = project.workspace() / KEPT / f"{exercise.id}-{stamp}"
    path, number = base, 1
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}-{number}")
    return path


def _put_given_files(exercise: Exercise) -> None:
    for name, content in exercise.given.items():
        path = exercise.workspace / name
        if not path.exists():
            _write(path, content)


def _write(path: Path, content: bytes) -> None:
    """Replace a file at once: a watcher never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".saving-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)
