"""Scores as CSV: one row per answer. Cells that a spreadsheet would take for formulas are made
text (OWASP, CSV injection)."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.batch.coordinator import Graded
from grader.verdict.report import Status
from grader.verdict.text import clean

COLUMNS = (
    *("student", "exercise", "status", "score", "max_score", "untouched"),
    *("failed_checks", "problem", "cached", "seconds", "source"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write(path: Path, graded: Iterable[Graded]) -> None:
    """Write one row per answer, by student. Raises OSError."""
    rows = sorted((_row(each) for each in graded), key=lambda row: row[:2])
    write_rows(path, [COLUMNS, *rows])


def write_rows(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write a table with every text made safe; UTF-8 with a mark, which Excel needs."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([[cell(value) for value in row] for row in rows])


def cell(value: object) -> object:
    """A value as a spreadsheet may have it: numbers stay numbers, text never calculates."""
    if isinstance(value, int | float) or value is None:
        return value
    text = " ".join(clean(str(value)).split("\n"))
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _row(graded: Graded) -> tuple[object, ...]:
    report = graded.report
    scored = graded.counts and report is not None
    failed = (
        [check.id for check in report.checks if check.status is Status.FAILED] if report else []
    )
    return (
        graded.entry.student,
        graded.entry.exercise,
        report.status.value if scored and report else "not graded",
        report.score if scored and report else None,
        report.max_score if scored and report else None,
        "yes" if report and report.untouched else "",
        " ".join(failed),
        graded.problem,
        "yes" if report and report.cached else "",
        round(report.seconds, 3) if report else None,
        graded.entry.source.as_posix(),
    )
