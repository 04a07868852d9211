"""Sentences as HTML, in quizzes, cards and messages."""

from __future__ import annotations

import re

_CODE = re.compile(r"`([^`\n]+)`")


def with_code(escaped: str) -> str:
    """Text that is escaped already, with <code> for what stands between backticks."""
    return _CODE.sub(r"<code>\1</code>", escaped)
