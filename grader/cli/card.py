"""A report as text for a terminal: verdicts, and for what failed the receipt."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from grader import store
from grader.cli.terminal import painted, sign, width
from grader.exercise.catalog import Exercise
from grader.verdict.report import UNTOUCHED, CheckResult, Report, Status
from grader.verdict.text import clean

SHOWN_LINES = 10


def show(report: Report, exercise: Exercise, *, as_json: bool) -> None:
    """Record a report as the learner's and print it."""
    store.record(report)
    print(report.to_json() if as_json else render(report, exercise), flush=True)


def render(report: Report, exercise: Exercise) -> str:
    """The whole card, without a line end at its end."""
    return "\n".join(_lines(report, exercise))


def _lines(report: Report, exercise: Exercise) -> Iterator[str]:
    yield ""
    yield painted(exercise.title, "1") + painted(f"  {exercise.id}", "2")
    yield ""
    for check in report.checks if _was_graded(report) else ():
        points = f"{check.earned:g}/{check.points:g}" if check.points else ""
        yield f" {sign(check.status)} {check.title}{painted('  ' + points, '2')}"
        if check.status in (Status.FAILED, Status.ERROR, Status.ADVICE):
            yield from _receipt(check)
        elif check.status is Status.SKIPPED:
            yield from _wrapped(check.message, "     ")
    yield ""
    if report.submission.ignored:
        names = ", ".join(clean(name) for name in report.submission.ignored[:10])
        yield from _wrapped(f"Not part of this exercise and left aside: {names}.", " ")
    failed = [check for check in report.checks if check.status is Status.FAILED]
    if failed and report.reproduce:
        yield f" To look for yourself, in {exercise.workspace}:"
        for command in report.reproduce:
            yield f"     {painted(command, '36')}"
        yield ""
    yield from _conclusion(report, exercise, failed)


def _was_graded(report: Report) -> bool:
    """Whether any check came to more than the one fault of ours, which the conclusion tells."""
    reasons = {check.message for check in report.checks if check.status is Status.ERROR}
    return len(reasons) != 1 or any(check.status is not Status.ERROR for check in report.checks)


def _receipt(check: CheckResult) -> Iterator[str]:
    yield from _wrapped(check.message, "     ")
    for item in check.evidence[-2:]:
        yield f"     {painted(item.prompt + clean(item.command), '36')}"
        lines = clean(item.observed).splitlines()
        for line in lines[-SHOWN_LINES:]:
            yield f"       {line[: width() - 8]}"
        if item.expected:
            yield from _wrapped(f"expected: {item.expected}", "       ")
    if check.why:
        yield from _wrapped(f"Why: {check.why}", "     ")
    yield ""


def _conclusion(report: Report, exercise: Exercise, failed: list[CheckResult]) -> Iterator[str]:
    if not report.complete:
        unfinished = [c for c in report.checks if c.status is Status.ERROR or c.absent]
        yield painted(" Not graded: nothing was scored.", "35")
        yield from _wrapped(unfinished[0].message if unfinished else "", " ")
        return
    score = f" {report.score:g} of {report.max_score:g} points"
    again = ", remembered from the same answer" if report.cached else ""
    yield f"{painted(score, '1')} in {report.seconds:.1f} s{again}"
    if report.untouched:
        yield from _wrapped(UNTOUCHED, " ")
    if failed:
        yield f" Next: ./lab hint {exercise.id}"


def _wrapped(text: str, indent: str) -> Iterator[str]:
    for paragraph in clean(text).splitlines():
        yield from textwrap.wrap(
            paragraph, width(), initial_indent=indent, subsequent_indent=indent
        ) or [""]
