"""What ``grade()`` returns: a number for nbgrader and a card for the person, in one object.

nbgrader takes an execute result's ``text/plain`` for the points: a bare number it can read is
the only safe one. No output, ``True``, ``nan`` or words would mean **full** marks, so whatever
could not be graded is 0.0, with a card that says it is no grade.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from grader.notebook import card
from grader.verdict.report import Report


class Score(float):
    """Points earned; ``report`` is None when the grading did not take place."""

    report: Report | None
    html: str
    on_show: Callable[[], None] | None = None
    """Called when the card is about to be shown (live buttons are added under it)."""

    @classmethod
    def of(cls, report: Report, title: str = "") -> Self:
        """The score of ``report``; 0.0 unless the report is complete."""
        points = min(report.score, report.max_score) if report.complete else 0.0
        score = cls(round(max(0.0, points), 4))
        score.report = report
        score.html = card.render(report, title)
        return score

    @classmethod
    def refused(cls, title: str, text: str) -> Self:
        """The score 0.0 of what could not be graded at all; ``text`` says why and what to do."""
        score = cls(0.0)
        score.report = None
        score.html = card.refusal(title, text)
        return score

    def __repr__(self) -> str:
        return float.__repr__(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if self.on_show:
            self.on_show()
        return {"text/plain": repr(self), "text/html": self.html}
