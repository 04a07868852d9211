"""A class in figures: who has what, which checks fail most and with which messages, who is stuck.

Plain data from graded answers; no markup.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from grader.batch.coordinator import Graded
from grader.verdict.report import Report, Status

_VARYING = re.compile(r"'[^']*'|\d+(\.\d+)?")


@dataclass(frozen=True)
class Failing:
    """A check that fails: for how many of those who were judged, and what it says most often."""

    exercise: str
    check: str
    title: str
    failed: int
    judged: int
    message: str
    same: int
    """How many got that message, numbers and quoted names aside."""


@dataclass(frozen=True)
class Learner:
    """One learner's results by exercise; what is missing was not handed in."""

    name: str
    graded: dict[str, Graded]
    problems: tuple[str, ...]
    """What was handed in beside and could not be read."""

    @property
    def reports(self) -> list[Report]:
        """Those that count."""
        return [each.report for each in self.graded.values() if each.counts and each.report]

    @property
    def score(self) -> float:
        return sum(report.score for report in self.reports)

    @property
    def stuck_on(self) -> list[str]:
        """Exercises that were worked on and are not solved."""
        return [
            report.exercise
            for report in self.reports
            if not report.untouched and report.status is Status.FAILED
        ]


def learners(graded: Sequence[Graded]) -> list[Learner]:
    """Everybody by name."""
    found: dict[str, dict[str, Graded]] = {}
    problems: dict[str, list[str]] = defaultdict(list)
    for each in graded:
        own = found.setdefault(each.entry.student, {})
        if each.entry.exercise:
            own[each.entry.exercise] = each
        else:
            problems[each.entry.student].append(each.problem)
    return [Learner(name, own, tuple(problems[name])) for name, own in sorted(found.items())]


def failing(graded: Sequence[Graded]) -> list[Failing]:
    """The checks that fail, the most frequent first. Untouched starters don't count: they say
    nothing of what is hard."""
    judged: Counter[tuple[str, str]] = Counter()
    titles: dict[tuple[str, str], str] = {}
    said: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in graded:
        if not each.counts or each.report is None or each.report.untouched:
            continue
        for check in each.report.checks:
            key = (each.report.exercise, check.id)
            if check.status in (Status.PASSED, Status.FAILED):
                judged[key] += 1
            if check.status is Status.FAILED:
                titles[key] = check.title
                said[key].append(check.message)
    rows = [
        Failing(*key, titles[key], len(messages), judged[key], *_most_common(messages))
        for key, messages in said.items()
    ]
    return sorted(rows, key=lambda row: (-row.failed, row.exercise, row.check))


def _most_common(messages: Sequence[str]) -> tuple[str, int]:
    kinds = Counter(_VARYING.sub("…", message) for message in messages)
    kind, count = kinds.most_common(1)[0]
    return next(m for m in messages if _VARYING.sub("…", m) == kind), count


def seconds(graded: Sequence[Graded]) -> dict[str, float]:
    """The median grading time of each exercise, in seconds."""
    times: dict[str, list[float]] = defaultdict(list)
    for each in graded:
        if each.counts and each.report:
            times[each.report.exercise].append(each.report.seconds)
    return {name: statistics.median(values) for name, values in times.items()}
