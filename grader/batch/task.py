"""One answer to grade, as plain data that can be sent to another machine, and how it is graded:
again when the engine went away meanwhile and came back."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.answer.submission import Submission
from grader.exercise import catalog
from grader.exercise.catalog import Exercise
from grader.grading import provenance, runner, second_look
from grader.grading.stock import Stock
from grader.verdict.outcome import EngineError, GraderError, UsageError
from grader.verdict.report import Report, Status

TRIES = 3
BACK_SECONDS = 60.0
"""How long an engine that went away may take to come back."""
ASK_SECONDS = 0.5


@dataclass(frozen=True)
class Task:
    """What a worker needs to know. ``version`` says for which course and grader the key was made;
    ``private`` is the source of the instructor's own checks, empty without."""

    key: str
    exercise: str
    submission: Submission
    private: bytes
    version: str

    @classmethod
    def of(
        cls, exercise: Exercise, answer: Submission, facts: Mapping[str, Any], private: bytes
    ) -> Task:
        key = provenance.key(exercise, answer, facts, private)
        return cls(key, exercise.id, answer, private, version(exercise))


def version(exercise: Exercise) -> str:
    """Equal where the same course and the same grader would judge an exercise."""
    return f"{provenance.grader_version()}:{provenance.exercise_version(exercise)}"


def grade(task: Task, *, patience: float = BACK_SECONDS, stock: Stock | None = None) -> Report:
    """Grade on this machine's engine; once more when the engine went away and is back within
    ``patience`` seconds. Raises GraderError when this machine has another version of the course.
    """
    try:
        exercise = catalog.find(task.exercise)
    except UsageError as error:
        raise GraderError(f"A worker has another course than its scheduler: {error}") from error
    if version(exercise) != task.version:
        raise GraderError(
            f"A worker has another version of {task.exercise} or of the grader than its scheduler."
        )
    with _module(task.private) as private:
        for _ in range(TRIES):
            report = runner.grade(exercise, task.submission, private=private, stock=stock)
            is_over = report.status is not Status.ERROR or second_look.is_too_busy(report)
            if is_over or not engine_answers(patience):
                break
    return report


@contextlib.contextmanager
def _module(source: bytes) -> Iterator[Path | None]:
    """A file of the instructor's own checks, where there are any."""
    if not source:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="drydock-") as folder:
        path = Path(folder) / "test_private.py"
        path.write_bytes(source)
        yield path


def engine_answers(seconds: float) -> bool:
    """Whether the engine of this machine answers within some seconds."""
    from grader.engine import client

    deadline = time.monotonic() + seconds
    while True:
        try:
            client.connect()
        except EngineError:
            if time.monotonic() > deadline:
                return False
            time.sleep(ASK_SECONDS)  # a dead engine sends no event
        else:
            return True
