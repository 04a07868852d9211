"""The file system of a base of the lab's, which is the same in every grading: listed once, kept in
the state folder, found again by the ids of its layers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from grader.exercise import project
from grader.probe.layers.facts import Entry

FORMAT = 1
"""Counted up when what is kept changes."""


def recall(diffs: Sequence[str], listed: Callable[[], Mapping[str, Entry]]) -> dict[str, Entry]:
    """The entries of the base that these layers make; ``listed`` finds them out."""
    key = hashlib.sha256("\n".join([str(FORMAT), *diffs]).encode()).hexdigest()[:24]
    path = project.state() / "bases" / f"{key}.json"
    known = _kept(path)
    if known is None:
        known = dict(listed())
        _keep(path, known)
    return known


def _kept(path: Path) -> dict[str, Entry] | None:
    try:
        rows = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
        return {row[0]: Entry(*row) for row in rows}
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _keep(path: Path, entries: Mapping[str, Entry]) -> None:
    """Where the folder can't be written to, each grading lists the base anew."""
    rows = [
        [each.path, each.kind, each.mode, each.uid, each.gid, each.size, each.target, each.layer]
        for each in entries.values()
    ]
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(rows, stream)
        Path(name).replace(path)
