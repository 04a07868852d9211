"""Why .dockerignore doesn't keep a file out of the build."""

from __future__ import annotations

from collections.abc import Sequence

from docker.utils.build import PatternMatcher

IGNORE = ".dockerignore"


def why(text: str, path: str) -> str:
    """A sentence about the line that was meant for the file at ``path`` of the context, or about
    the one that is missing; empty where the file is kept out. Docker reads a line as one pattern
    from the folder's root, and the last that matches decides (docs: Build context)."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    patterns = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if _match([line for _, line in patterns], path):
        return ""
    for number, line in reversed(patterns):
        if line.startswith("!") and _match([line[1:].strip()], path):
            return f"{IGNORE}, line {number}, `{line}`, lets it in again: the last match decides."
    name = path.rpartition("/")[2]
    for number, line in patterns:
        pattern, mark, _ = line.partition(" #")
        if mark and _match([pattern.strip()], path):
            return (
                f"{IGNORE}, line {number}, `{line}`, is one pattern to its end: a comment takes a "
                "line of its own."
            )
        if _match([pattern], name):
            return (
                f"{IGNORE}, line {number}, `{line}`, means the folder of the Dockerfile alone; "
                f"`**/{pattern}` means every folder."
            )
        if line.strip("\"'") != line and _match([line.strip("\"'")], path):
            return f"{IGNORE}, line {number}, `{line}`: the quotes belong to the pattern."
    return f"No line of {IGNORE} matches {path}."


def _match(patterns: Sequence[str], path: str) -> bool:
    return bool(PatternMatcher(list(patterns)).matches(path))  # type: ignore[arg-type]
