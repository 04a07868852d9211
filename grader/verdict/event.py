"""What happens while a submission is graded, as it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from grader.verdict.report import CheckResult


@dataclass(frozen=True)
class Event:
    """``phase``: a new thing is being done (``text`` says what, as in "building the image").

    ``output``: one line that a build printed. ``check``: a verdict, in ``check``.
    """

    kind: Literal["phase", "output", "check"]
    text: str = ""
    check: CheckResult | None = None


Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener that wants nothing."""
