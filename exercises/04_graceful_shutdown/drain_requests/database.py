"""The database of this exercise: a journal, /data/scores.journal. Given.

    database = connect()                        opens a session
    await database.save("batch-7", [4.75])      takes 1.5 seconds, as a busy database does
    database.close()                            writes to disk what was saved, and ends the session

What was saved is lost unless close() is called. Call it exactly once per session, and only when
nobody uses the session any more.
"""

import asyncio
import hashlib
import os
import secrets

JOURNAL = "/data/scores.journal"
SAVE_SECONDS = 1.5


class DatabaseError(Exception):
    """The session has been closed."""


class Database:
    def __init__(self):
        self.session = secrets.token_hex(4)
        self.rows = []
        self.is_open = True
        self._write("open")

    async def save(self, key, scores):
        self._check(key)
        await asyncio.sleep(SAVE_SECONDS)
        self._check(key)
        self.rows.append(f"{key} {' '.join(f'{score:.3f}' for score in scores)}")

    def close(self):
        if self.is_open:
            for row in self.rows:
                self._write("saved", row)
        seal = hashlib.sha256("\n".join([self.session, *self.rows]).encode()).hexdigest()
        self._write("closed", str(len(self.rows)), seal)
        if not self.is_open:
            raise DatabaseError("the session has been closed already")
        self.is_open = False

    def _check(self, key):
        if not self.is_open:
            self._write("late", str(key))
            raise DatabaseError("the session has been closed")

    def _write(self, *words):
        line = " ".join([self.session, *words]).replace("\n", " ") + "\n"
        journal = os.open(JOURNAL, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.write(journal, line.encode())
        os.close(journal)


def connect():
    return Database()
