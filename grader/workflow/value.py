"""Values of expressions as text, numbers and JSON, and texts put together from them.

https://docs.github.com/actions/reference/workflows-and-actions/expressions#functions
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from grader.workflow import growth, unknown
from grader.workflow.lexer import ExpressionError, number

Value = Any
"""None, bool, float, str, list or dict."""

MAX_RESULT = 5 * 1024 * 1024
"""GitHub gives a result 10 MiB, at two bytes a character."""
_FORGED = re.compile(r"\\u(e00[01])", re.I)
"""Escapes of the characters that mark what isn't known."""


def as_text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.15g}"
    if isinstance(value, str):
        return value
    return "Array" if isinstance(value, list) else "Object"


def as_number(value: Value) -> float:
    if value is None or value is False or value == "":
        return 0.0
    if isinstance(value, (bool, int, float)):
        return float(value)
    if isinstance(value, str):
        try:
            return number(value.strip())
        except ValueError:
            return math.nan
    return math.nan


def formatted(form: str, values: list[Value]) -> str:
    """``format()``. Raises as ``joined`` does, and ExpressionError for a value that isn't there."""

    def piece(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        index = int(found[1][:4]) if found[1] else -1
        if not 0 <= index < len(values):
            raise ExpressionError(f"format() has no value for {found[0]!r}")
        return as_text(values[index])

    def pieces() -> Iterable[str]:
        end = 0
        for found in re.finditer(r"\{\{|\}\}|\{(\d+)\}|[{}]", form):
            yield form[end : found.start()]
            yield piece(found)
            end = found.end()
        yield form[end:]

    return joined(pieces())


def joined(parts: Iterable[str], separator: str = "") -> str:
    """Raises ExpressionError for what is too long for GitHub, NotInLab for the lab alone."""
    kept: list[str] = []
    length = -len(separator)
    for part in parts:
        length += len(part) + len(separator)
        if length > MAX_RESULT:
            raise ExpressionError(f"its result would be longer than {MAX_RESULT} characters")
        if length <= growth.MAX_TEXT:
            kept.append(part)
    growth.check(growth.MAX_TEXT - length)
    return separator.join(kept)


def to_json(value: Value) -> str:
    """``toJSON()``. Raises as ``joined`` does."""
    try:
        return joined([json.dumps(_plain(value), indent=2, ensure_ascii=False)])
    except RecursionError as error:
        raise ExpressionError("toJSON() is given something nested too deeply") from error


def _plain(value: Value) -> Value:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def from_json(text: str) -> Value:
    """``fromJSON()``; a mark where the text isn't known. Raises ExpressionError."""
    try:
        if _FORGED.search(text):
            raise ValueError("private characters")
        found = _floated(json.loads(text))
        json.dumps(found, ensure_ascii=False).encode()
        return found
    except (ValueError, RecursionError, OverflowError) as error:
        if not unknown.is_known(text):
            return unknown.mark(f"fromJSON({text})", unknown.SOME)
        raise ExpressionError(f"fromJSON() can't read {text[:40]!r}") from error


def _floated(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _floated(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_floated(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
