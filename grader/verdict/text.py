"""Text of strangers, made safe to show."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

_SAYS_SOMETHING = re.compile(r"[^\W_]")


def last_line(lines: Sequence[str]) -> str:
    """The last line that says something, cleaned: a table or a traceback may end in a border."""
    said = [line for line in lines if _SAYS_SOMETHING.search(line)]
    return clean(said[-1]).strip() if said else ""


def clean(text: str) -> str:
    """``text`` without escape sequences, control characters (but newline and tab) and characters
    that reverse the direction of writing."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))
