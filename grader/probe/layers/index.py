"""The file system of a base of the lab's, which is the same in every grading: listed once, kept in
the state folder, found again by the ids of its layers. So are the names of the blobs in which
containerd's store keeps these layers."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from grader.exercise import project
from grader.probe.layers.facts import Entry

FORMAT = 1
"""Counted up when what is kept changes."""


def recall(diffs: Sequence[str], listed: Callable[[], Mapping[str, Entry]]) -> dict[str, Entry]:
    """The entries of the base that these layers make; ``listed`` finds them out."""
    path = _place(diffs, "json")
    known = _entries(path)
    if known is None:
        known = dict(listed())
        _keep(path, [astuple(each) for each in known.values()])
    return known


def blobs(diffs: Sequence[str]) -> list[str]:
    """The names of the blobs that hold these layers, of an image that was read before."""
    found = _kept(_place(diffs, "blobs.json"))
    return [str(name) for name in found] if isinstance(found, list) else []


def keep_blobs(diffs: Sequence[str], names: Sequence[str]) -> None:
    """Remember in which blobs these layers were found, where that isn't in their ids already."""
    known = {diff.removeprefix("sha256:") for diff in diffs}
    packed = [name for name in names if name and name not in known]
    if packed and len(names) == len(diffs) and packed != blobs(diffs):
        _keep(_place(diffs, "blobs.json"), packed)


def _place(diffs: Sequence[str], suffix: str) -> Path:
    key = hashlib.sha256("\n".join([str(FORMAT), *diffs]).encode()).hexdigest()[:24]
    return project.state() / "bases" / f"{key}.{suffix}"


def _entries(path: Path) -> dict[str, Entry] | None:
    try:
        return {row[0]: Entry(*row) for row in _kept(path) or ()} or None
    except (TypeError, LookupError):
        return None


def _kept(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
    except (OSError, ValueError):
        return None


def _keep(path: Path, rows: list[Any]) -> None:
    """Where the folder can't be written to, each grading lists the base anew."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(rows, stream)
        Path(name).replace(path)
