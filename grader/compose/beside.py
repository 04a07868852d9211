"""Files that lie beside a compose file: the only ones of this machine that Compose may read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from grader.engine import permitted
from grader.verdict.outcome import LearnerFault


def variables(asked: Any, where: str, files: Mapping[str, bytes]) -> None:
    """Look at the value of ``env_file``. Raises as ``check`` does."""
    entries = asked if isinstance(asked, list) else [] if asked is None else [asked]
    for entry in entries:
        path = entry.get("path") if isinstance(entry, dict) else entry
        optional = isinstance(entry, dict) and entry.get("required") is False
        check(str(path), where, "env_file", files, optional=optional)


def check(
    path: str, where: str, what: str, files: Mapping[str, bytes], *, optional: bool = False
) -> None:
    """A file that is read must be one of the answer's. Raises NotInLab for any other place,
    LearnerFault where it is missing."""
    plain = str(PurePosixPath(path))
    if path.startswith(("/", "~", "$")) or "$" in path or ".." in PurePosixPath(path).parts:
        raise permitted.refused(
            where, f"{what} {path[:60]!r}", "it lies outside of the exercise's folder"
        )
    if plain not in files and not optional:
        raise LearnerFault(f"{where}: {what} {path[:60]!r} isn't in the exercise's folder.")
