"""The terminal: where people read. Colours and live lines only where there is one."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from grader.verdict.event import Event
from grader.verdict.report import Status
from grader.verdict.text import clean

SIGNS = {
    Status.PASSED: "✔",
    Status.FAILED: "✘",
    Status.ERROR: "!",
    Status.SKIPPED: "–",
    Status.ADVICE: "›",
}
_COLOURS = {
    Status.PASSED: "32",
    Status.FAILED: "31",
    Status.ERROR: "35",
    Status.SKIPPED: "2",
    Status.ADVICE: "36",
}


def say(text: str) -> None:
    """A line for a person, on stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def document(content: Mapping[str, Any]) -> str:
    """JSON for a program, with the number of its schema."""
    return json.dumps({"schema": 1, **content}, ensure_ascii=False)


def width() -> int:
    return min(100, shutil.get_terminal_size((88, 24)).columns)


def has_colour(stream: object) -> bool:
    return bool(getattr(stream, "isatty", lambda: False)()) and not os.environ.get("NO_COLOR")


def painted(text: str, code: str) -> str:
    """``text`` in a colour (an SGR code) when stdout shows colours."""
    return f"\x1b[{code}m{text}\x1b[0m" if has_colour(sys.stdout) else text


def sign(status: Status) -> str:
    return painted(SIGNS[status], _COLOURS[status])


class Live:
    """Progress on stderr: one line that changes on a terminal, a line per event elsewhere."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._begun = time.monotonic()
        self._quiet = quiet
        self._live = sys.stderr.isatty()

    def listen(self, event: Event) -> None:
        """Show an event of a grading."""
        if self._quiet:
            return
        if self._live:
            if event.kind != "check":
                line = f"  {time.monotonic() - self._begun:4.1f} s  {clean(event.text)}"
                sys.stderr.write("\r\x1b[K" + line.replace("\n", " ")[: width() - 1])
                sys.stderr.flush()
        elif event.kind == "phase":
            say(f"  {event.text} …")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live and not self._quiet:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
