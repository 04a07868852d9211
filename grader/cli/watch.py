"""A grading after each save, until Ctrl-C: ``./lab check --watch``."""

from __future__ import annotations

from pathlib import Path

import watchfiles

from grader.answer import submission
from grader.cli import card
from grader.cli.terminal import Live, say
from grader.exercise.catalog import Exercise
from grader.grading import runner, warm

SETTLE_MILLISECONDS = 50
"""Editors save in several steps; changes this close together are one."""
LOOK_MILLISECONDS = 1000
"""A save that came just before the watcher listened is found by a look now and then."""


def run(exercise: Exercise, path: Path, *, as_json: bool) -> int:
    """Grade now and after each save, until Ctrl-C. Returns 0. Raises UsageError."""
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
            report = runner.grade(exercise, answer, live.listen)
        card.show(report, exercise, as_json=as_json)
    return answer.digest
