"""Expressions cut into words and signs, and texts into the expressions that they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator


class ExpressionError(Exception):
    """What GitHub would refuse: a sentence."""


_TOKEN = re.compile(
    r"\s*(?:(?P<number>[-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)"
    r"(?![A-Za-z0-9_]))"
    r"|(?P<string>'(?:[^']|'')*')"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_-]*)"
    r"|(?P<sign>&&|\|\||[=!<>]=|[!<>()\[\].,*]))"
)


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, inner) of each ``${{ }}``; a quoted ``}}`` doesn't end one."""
    end = 0
    while (start := text.find("${{", end)) >= 0:
        at, quoted = start + 3, False
        while at < len(text) and (quoted or not text.startswith("}}", at)):
            quoted ^= text[at] == "'"
            at += 1
        if at >= len(text):
            raise ExpressionError("a ${{ is never closed with }}")
        end = at + 2
        yield start, end, text[start + 3 : at]


def tokens(text: str) -> Iterator[tuple[str, str]]:
    at, text = 0, text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            rest = text[at:].strip()
            hint = "; text stands in single quotes" if rest[:1] == '"' else ""
            raise ExpressionError(f"{rest[:20]!r} can't be read{hint}")
        yield str(found.lastgroup), found[str(found.lastgroup)]
        at = found.end()


def number(text: str) -> float:
    """A number as GitHub writes it. Raises ValueError, also for bits beyond 64."""
    sign = -1.0 if text.startswith("-") else 1.0
    digits = text.lstrip("+-")
    base = {"0x": 16, "0o": 8}.get(digits[:2])
    if base is None:
        return sign * float(digits)
    found = int(digits[2:], base)
    if found.bit_length() > 64:
        raise ValueError("a number beyond 64 bits")
    return sign * found
