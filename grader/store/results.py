"""Results by content: what was graded once needs no second grading (see ``provenance.key``)."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from grader.exercise import project
from grader.store.database import opened
from grader.verdict.outcome import GraderError
from grader.verdict.report import Report


class Results:
    """An open store of results. One process writes; any number may read beside it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    @classmethod
    @contextlib.contextmanager
    def open(cls, folder: Path | None = None) -> Iterator[Results]:
        """Open the store in ``folder`` (the state folder without it). Raises GraderError."""
        place = folder or project.state()
        try:
            with opened(place) as database:
                yield cls(database)
        except (OSError, sqlite3.Error) as error:
            raise GraderError(f"Results can't be kept in {place}: {error}.") from error

    def get(self, key: str) -> Report | None:
        """The report that was recorded under a key, marked as cached."""
        row = self._database.execute("SELECT report FROM result WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        with contextlib.suppress(KeyError, ValueError, TypeError):
            return Report.from_dict(json.loads(row[0])).as_cached()
        return None

    def put(self, key: str, report: Report) -> bool:
        """Record a complete report; returns whether it was the first under its key.

        It is on disk when this returns. An incomplete report is never recorded.
        """
        if not report.complete:
            return False
        done = self._database.execute(
            "INSERT INTO result (key, exercise, digest, report) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (key, report.exercise, report.submission.sha256, report.to_json()),
        )
        return done.rowcount == 1

    def replace(self, key: str, report: Report) -> None:
        """Record a complete report in place of what is there, for gradings without the cache."""
        if report.complete:
            with _transaction(self._database):
                self._database.execute("DELETE FROM result WHERE key = ?", (key,))
                self.put(key, report)


def find(key: str, folder: Path | None = None) -> Report | None:
    """The recorded report of a key, or None; also where there is no store to read from."""
    with contextlib.suppress(GraderError), Results.open(folder) as results:
        return results.get(key)
    return None


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
