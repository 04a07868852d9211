"""What passes between the caller of a grading (``runner``) and the process that grades
(``process``): the request, and what it came to. Both know this module; it knows neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.answer.submission import Submission
from grader.engine.location import Location
from grader.engine.sandbox import Limits
from grader.exercise.catalog import Exercise
from grader.verdict.report import Report

if TYPE_CHECKING:
    from grader.probe.inspector.spare import Loan


@dataclass(frozen=True)
class Request:
    """What a grading process is asked to do. ``session`` is chosen here, so that everything of it
    can be removed when that process can't do so itself."""

    exercise: Exercise
    submission: Submission
    session: str
    checks: tuple[Path, ...]
    limits: Limits
    engine: Location
    """The caller's: the warm parent may have been started under another."""
    results: Path | None = None
    """The folder of the store to look in first."""
    fresh: bool = False
    """Grade even if the store knows the verdicts."""
    loan: Loan | None = None


@dataclass(frozen=True)
class Ending:
    """What a grading process says at the end: the engine's facts, the verdicts' key where there is
    a store, and the report where the store knew it."""

    facts: Mapping[str, Any]
    key: str = ""
    known: Report | None = None
    share: float = 1.0
    """The part of the time that the machine gave to a program that wanted to run."""
