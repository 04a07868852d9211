"""How far a class is and what it came to, as text or JSON: for whatever grades one."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grader.cli.terminal import painted, say, width
from grader.verdict.report import SCHEMA, Status

if TYPE_CHECKING:
    from grader.batch.coordinator import Graded


@dataclass
class Tally:
    """How far a class is; kept while results come in."""

    total: int
    size: int
    begun: float = field(default_factory=time.monotonic)
    graded: list[Graded] = field(default_factory=list)
    fresh: int = 0
    cached: int = 0
    not_graded: int = 0

    def add(self, graded: Graded) -> None:
        self.graded.append(graded)
        if not graded.counts:
            self.not_graded += 1
        elif graded.report and graded.report.cached:
            self.cached += 1
        else:
            self.fresh += 1

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    def line(self) -> str:
        """As in ``  57 of 300 · 12 from the store · about 40 s left``."""
        parts = [f"{len(self.graded)} of {self.total}"]
        parts += [f"{self.cached} known already"] if self.cached else []
        parts += [f"{self.not_graded} not graded"] if self.not_graded else []
        left = self.total - len(self.graded)
        if self.fresh and left:
            parts.append(f"about {_duration(self.seconds / self.fresh * left)} left")
        return "  " + " · ".join(parts)

    def summary(self) -> dict[str, Any]:
        counted = [each.report for each in self.graded if each.counts and each.report]
        return {
            "students": len({each.entry.student for each in self.graded}),
            "submissions": len(self.graded),
            "graded": self.fresh,
            "cached": self.cached,
            "not_graded": self.not_graded,
            "score": round(sum(report.score for report in counted), 4),
            "max_score": round(sum(report.max_score for report in counted), 4),
            "seconds": round(self.seconds, 3),
        }


class Shown:
    """Progress on stderr: one line that changes on a terminal, a line now and then elsewhere."""

    EVERY_SECONDS = 5.0

    def __init__(self, tally: Tally, *, as_json: bool) -> None:
        self._tally = tally
        self._as_json = as_json
        self._live = sys.stderr.isatty()
        self._last = time.monotonic()

    def show(self, graded: Graded) -> None:
        if self._as_json:
            print(json.dumps(as_dict(graded), ensure_ascii=False), flush=True)
        if self._live:
            sys.stderr.write("\r\x1b[K" + self._tally.line()[: width() - 1])
            sys.stderr.flush()
        elif time.monotonic() - self._last > self.EVERY_SECONDS:
            self._last = time.monotonic()
            say(self._tally.line())

    def end(self) -> None:
        if self._live:
            sys.stderr.write("\r\x1b[K")
        say(f"{self._tally.line()} · {_duration(self._tally.seconds)}")


def exit_code(graded: Iterable[Graded]) -> int:
    statuses = {each.report.status if each.counts and each.report else None for each in graded}
    if None in statuses:
        return 3
    return 0 if statuses <= {Status.PASSED} else 1


def as_dict(graded: Graded) -> dict[str, Any]:
    """A report with its student and source; of what could not be graded, the problem."""
    whose = {"student": graded.entry.student, "source": graded.entry.source.as_posix()}
    if graded.report:
        return {**graded.report.to_dict(), **whose, "problem": graded.problem}
    return {
        "schema": SCHEMA,
        "exercise": graded.entry.exercise,
        "status": Status.ERROR.value,
        "complete": False,
        **whose,
        "problem": graded.problem,
    }


def print_table(tally: Tally) -> None:
    """A line per student: the score, and what could not be graded."""
    for student in sorted({each.entry.student for each in tally.graded}):
        own = [each for each in tally.graded if each.entry.student == student]
        reports = [each.report for each in own if each.counts and each.report]
        score = sum(report.score for report in reports)
        most = sum(report.max_score for report in reports)
        print(f"  {student:30.30} {score:6g} of {most:g}")
        for each in own:
            if not each.counts:
                what = each.entry.exercise or each.entry.source.name
                print(painted(f"    {what}: not graded. {each.problem}", "35"))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
