"""A small box that says one thing in a notebook: saved, a slip of the pen, a plain remark.

Learners never see a traceback for a mistake of theirs, and nothing goes to stderr, which nbgrader
would read as "no points". Plain HTML without a script; the text is escaped here.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from IPython.display import display

from grader.notebook.prose import with_code
from grader.verdict.text import clean

Kind = Literal["done", "note", "problem"]

_EDGE: dict[str, str] = {"done": "#1a7f37", "note": "#0969da", "problem": "#bf5b04"}


@dataclass(frozen=True)
class Message:
    """One remark with two faces: ``text/plain`` and ``text/html``."""

    text: str
    kind: Kind = "note"

    def __repr__(self) -> str:
        return clean(self.text)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html}

    @property
    def html(self) -> str:
        # A problem is announced at once by screen readers, the others when they pause.
        role = "alert" if self.kind == "problem" else "status"
        weight = "font-weight: 600; " if self.kind == "problem" else ""
        heading = f'<span style="{weight}">Not done: </span>' if self.kind == "problem" else ""
        return (
            f'<div role="{role}" style="border-left: 4px solid {_EDGE[self.kind]}; '
            'padding: 4px 12px; margin: 2px 0; white-space: pre-wrap">'
            f"{heading}{with_code(escape(repr(self)))}</div>"
        )


def say(text: str, kind: Kind = "note") -> None:
    """Show one message under the current cell."""
    display(Message(text, kind))
