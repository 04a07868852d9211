"""What a learner has done so far: attempts, hints seen, quiz answers.

Where the state folder can't be written, grading goes on without a memory.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from grader.exercise import project
from grader.store.database import SCHEMA, opened
from grader.verdict.report import Report


@dataclass(frozen=True)
class Progress:
    """How far a learner is with one exercise. ``attempts`` counts different answers."""

    attempts: int = 0
    best: float = 0.0
    last: Report | None = None


def record(report: Report) -> None:
    """Keep a complete report; the same answer with the same verdict is kept once."""
    if not report.complete:
        return
    with _writing() as database:
        database.execute(
            "INSERT INTO attempt (exercise, digest, score, max_score, status, report)"
            " VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET report = excluded.report,"
            " moment = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
            (
                report.exercise,
                report.submission.sha256,
                report.score,
                report.max_score,
                report.status.value,
                report.to_json(),
            ),
        )


def progress(exercise: str) -> Progress:
    """What is known of one exercise."""
    import json

    with _reading() as database:
        attempts, best = database.execute(
            "SELECT count(DISTINCT digest), coalesce(max(score), 0) FROM attempt"
            " WHERE exercise = ?",
            (exercise,),
        ).fetchone()
        row = database.execute(
            "SELECT report FROM attempt WHERE exercise = ? ORDER BY moment DESC LIMIT 1",
            (exercise,),
        ).fetchone()
        last = None
        if row:
            with contextlib.suppress(KeyError, ValueError, TypeError):
                last = Report.from_dict(json.loads(row[0]))
        return Progress(attempts, best, last)
    return Progress()


def hints_seen(exercise: str) -> dict[str, int]:
    """How many hints of each check were shown."""
    with _reading() as database:
        rows = database.execute(
            "SELECT check_id, seen FROM hint WHERE exercise = ?", (exercise,)
        ).fetchall()
        return dict(rows)
    return {}


def saw_hint(exercise: str, check: str, seen: int) -> None:
    """Keep that ``seen`` hints of a check were shown."""
    with _writing() as database:
        database.execute(
            "INSERT INTO hint VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET seen = max(seen, excluded.seen)",
            (exercise, check, seen),
        )


def record_quiz(section: str, question: str, is_right: bool) -> None:
    """Keep an answer to a quiz question; once right stays right, retries are free."""
    with _writing() as database:
        database.execute(
            "INSERT INTO quiz VALUES (?, ?, 1, ?) ON CONFLICT DO UPDATE SET"
            " tries = tries + 1, is_right = max(is_right, excluded.is_right)",
            (section, question, int(is_right)),
        )


def quiz_answered(section: str) -> frozenset[str]:
    """The questions of a section that were answered right."""
    with _reading() as database:
        rows = database.execute(
            "SELECT question FROM quiz WHERE section = ? AND is_right", (section,)
        ).fetchall()
        return frozenset(row[0] for row in rows)
    return frozenset()


@contextlib.contextmanager
def _writing() -> Iterator[sqlite3.Connection]:
    """A connection whose changes are on disk when the block ends. Trouble is said, not raised."""
    try:
        with _opened(_complain) as database:
            yield database
    except (OSError, sqlite3.Error) as error:
        _complain(error)


@contextlib.contextmanager
def _reading() -> Iterator[sqlite3.Connection]:
    """A connection to read from; where there is none, nothing is known."""
    with contextlib.suppress(OSError, sqlite3.Error), _opened() as database:
        yield database


@contextlib.contextmanager
def _opened(
    trouble: Callable[[Exception], None] = lambda error: None,
) -> Iterator[sqlite3.Connection]:
    """The store, or an empty one in memory where the state folder is of no use."""
    with contextlib.ExitStack() as stack:
        try:
            database = stack.enter_context(opened(project.state()))
        except (OSError, sqlite3.Error) as error:
            trouble(error)
            database = sqlite3.connect(":memory:", isolation_level=None)
            stack.callback(database.close)
            database.executescript(SCHEMA)
        yield database


def _complain(error: Exception) -> None:
    sys.stderr.write(f"Your progress can't be kept in {project.state()} ({error}).\n")
