"""Texts made of parts, measured while they grow: a short file can ask for gigabytes."""

from __future__ import annotations

from collections.abc import Iterable

from grader.verdict.outcome import NotInLab

MAX_TEXT = 64 * 1024
"""As many characters as a whole workflow file may have."""


def check(left: int) -> None:
    """Raises NotInLab when nothing is left of the characters that a text may have."""
    if left < 0:
        raise NotInLab(
            f"This workflow makes a text of more than {MAX_TEXT} characters, which is more than "
            "the lab can follow. Nothing was scored."
        )


def joined(parts: Iterable[str], separator: str = "") -> str:
    """Raises NotInLab as soon as the text is longer than any real one."""
    kept: list[str] = []
    left = MAX_TEXT + len(separator)
    for part in parts:
        left -= len(part) + len(separator)
        check(left)
        kept.append(part)
    return separator.join(kept)


def replaced(text: str, old: str, new: str, count: int = -1) -> str:
    """``str.replace``, bounded in the same way."""
    return joined(text.split(old, count), new) if old else text
