"""The journal of a database that a service writes to: its sessions, read from the text.

Each line begins with a session's name and says what happened in it: opened, a batch saved, a batch
too late, closed. A closing carries a seal over all that was saved, so that nobody can write one by
hand. How the journal came about isn't known here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

PATH = "/data/scores.journal"


@dataclass(frozen=True)
class Session:
    """One session of the database as the journal has it: the keys of batches that were saved, how
    often it was closed, the keys that came too late."""

    saved: tuple[str, ...]
    closings: int
    late: tuple[str, ...]


def sessions(text: str) -> list[Session]:
    """What the journal says. A closing counts when its seal is the database's own."""
    lines = [line.split(" ") for line in text.splitlines() if line.count(" ")]
    found = []
    for name in dict.fromkeys(line[0] for line in lines):
        own = [line[1:] for line in lines if line[0] == name]
        rows = [" ".join(line[1:]) for line in own if line[0] == "saved"]
        seal = hashlib.sha256("\n".join([name, *rows]).encode()).hexdigest()
        found.append(
            Session(
                tuple(line[1] for line in own if line[0] == "saved" and len(line) > 1),
                own.count(["closed", str(len(rows)), seal]),
                tuple(line[1] for line in own if line[0] == "late" and len(line) > 1),
            )
        )
    return found
