"""``./lab check``: one grading, or one after each save."""

from __future__ import annotations

from pathlib import Path

from grader import store
from grader.answer import submission
from grader.cli.terminal import Live, say
from grader.exercise import project
from grader.exercise.catalog import Exercise
from grader.grading import forked, runner, warm
from grader.verdict.event import Listener
from grader.verdict.report import Report, Status

SETTLE_MILLISECONDS = 50
"""Editors save in several steps; changes this close together are one."""
LOOK_MILLISECONDS = 1000
"""A save that came just before the watcher listened is found by a look now and then."""


def once(
    exercise: Exercise, path: Path, early: forked.Early | None, *, fresh: bool, as_json: bool
) -> int:
    """Grade once and print; ``fresh`` even when the verdicts are known. Returns the exit code.
    Raises UsageError."""
    answer = submission.read(exercise, path)
    with Live(quiet=as_json) as live:
        report = runner.grade(
            exercise, answer, live.listen, early=early, results=project.state(), fresh=fresh
        )
    _show(report, exercise, as_json=as_json)
    runner.settle()
    return exit_code(report)


def exit_code(report: Report) -> int:
    if report.status is Status.ERROR or not report.complete:
        return 3
    return 0 if report.status is Status.PASSED else 1


def watch(exercise: Exercise, path: Path, *, as_json: bool) -> int:
    """Grade now and after each save, until Ctrl-C. Returns 0. Raises UsageError."""
    import watchfiles

    warm.start()
    before = _grade_if_new(exercise, path, "", as_json=as_json)
    say(f"Watching {path}; Ctrl-C ends it.")
    try:
        for _ in watchfiles.watch(
            path,
            step=SETTLE_MILLISECONDS,
            debounce=SETTLE_MILLISECONDS,
            rust_timeout=LOOK_MILLISECONDS,
            yield_on_timeout=True,
            raise_interrupt=True,
        ):
            before = _grade_if_new(exercise, path, before, as_json=as_json)
    except KeyboardInterrupt:
        say("Stopped watching.")
    runner.settle()
    return 0


def _grade_if_new(exercise: Exercise, path: Path, before: str, *, as_json: bool) -> str:
    """Grade what is there unless it is what was graded last; returns its digest."""
    answer = submission.read(exercise, path)
    if answer.digest != before:
        with Live(quiet=as_json) as live:
            report = grade(exercise, answer, live.listen)
        _show(report, exercise, as_json=as_json)
    return answer.digest


def grade(exercise: Exercise, answer: submission.Submission, listen: Listener) -> Report:
    return runner.grade(exercise, answer, listen)


def _show(report: Report, exercise: Exercise, *, as_json: bool) -> None:
    store.record(report)
    if as_json:
        print(report.to_json(), flush=True)
        return
    from grader.cli import card

    print(card.render(report, exercise), flush=True)
