"""The store's sqlite file: where it lies, its tables, and how it is opened.

WAL with full synchronisation: what was committed is on disk, whatever happens to the process or
to the machine.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

FILE = "progress.sqlite3"
VERSION = 2
BUSY_SECONDS = 5.0
AGAIN_SECONDS = 0.01
SCHEMA = """
CREATE TABLE IF NOT EXISTS attempt (
    exercise TEXT NOT NULL,
    digest TEXT NOT NULL,
    score REAL NOT NULL,
    max_score REAL NOT NULL,
    status TEXT NOT NULL,
    report TEXT NOT NULL,
    moment TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    UNIQUE (exercise, digest, status, score)
) STRICT;
CREATE TABLE IF NOT EXISTS hint (
    exercise TEXT NOT NULL,
    check_id TEXT NOT NULL,
    seen INTEGER NOT NULL,
    PRIMARY KEY (exercise, check_id)
) STRICT;
CREATE TABLE IF NOT EXISTS quiz (
    section TEXT NOT NULL,
    question TEXT NOT NULL,
    tries INTEGER NOT NULL,
    is_right INTEGER NOT NULL,
    PRIMARY KEY (section, question)
) STRICT;
CREATE TABLE IF NOT EXISTS result (
    key TEXT PRIMARY KEY,
    exercise TEXT NOT NULL,
    digest TEXT NOT NULL,
    report TEXT NOT NULL,
    moment TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
"""


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """The store in ``folder``, made if need be. Raises OSError or sqlite3.Error."""
    folder.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(
        folder / FILE, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _write_ahead(database)
        database.execute("PRAGMA synchronous = FULL")
        if database.execute("PRAGMA user_version").fetchone()[0] < VERSION:
            database.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
            database.execute(f"PRAGMA user_version = {VERSION}")
        yield database
    finally:
        database.close()


def _write_ahead(database: sqlite3.Connection) -> None:
    """Switch to WAL. Where several open a new store at once, SQLite refuses all but one of them and
    doesn't wait for the lock as it does elsewhere."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(AGAIN_SECONDS)
        else:
            return
