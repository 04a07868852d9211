"""Grades one submission in a process of its own and makes the report of it.

This module imports neither pytest nor docker-py: `./lab check` and notebooks stay quick to start.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import secrets
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from grader.answer.submission import Submission, is_untouched
from grader.engine import location
from grader.engine.sandbox import LIMITS, Limits
from grader.exercise import checkspec
from grader.exercise.catalog import Exercise
from grader.exercise.checkspec import CheckSpec
from grader.grading import forked, hearing, second_look
from grader.grading.request import Request
from grader.verdict.event import Event, Listener, ignore
from grader.verdict.outcome import GraderError
from grader.verdict.report import CheckResult, Report

if TYPE_CHECKING:
    from grader.grading.stock import Stock

CLEANING_SECONDS = 20.0


def grade(
    exercise: Exercise,
    submission: Submission,
    listen: Listener = ignore,
    *,
    private: Path | None = None,
    limits: Limits = LIMITS,
    early: forked.Early | None = None,
    results: Path | None = None,
    fresh: bool = False,
    stock: Stock | None = None,
) -> Report:
    """Grade a submission. Trouble of ours comes back as a report with status ``error``.

    ``early`` is a process that waits for this request; else one is forked from the warm parent.
    ``private`` is a module of further checks. ``results`` is the folder of
    a store: what it knows isn't graded again (unless ``fresh``), what is new is recorded in it.
    ``stock`` keeps inspectors for the next grading.

    Raises nothing but KeyboardInterrupt, after everything that was started is removed. When a
    report comes back, its containers are still being removed beside: ``settle`` waits for that.
    """
    once = partial(_once, exercise, submission, listen, private, limits, results, stock)
    report, share = once(early, fresh)
    if not second_look.is_doubtful(report, share):
        return report
    listen(Event("phase", "the machine is busy: judging once more"))
    second, share = once(None, True)
    return second_look.agreed(report, second, share)


def _once(
    exercise: Exercise,
    submission: Submission,
    listen: Listener,
    private: Path | None,
    limits: Limits,
    results: Path | None,
    stock: Stock | None,
    early: forked.Early | None,
    fresh: bool,
) -> tuple[Report, float]:
    """One grading: its report and the share of the machine that it had."""
    begun = time.monotonic()
    request = Request(
        exercise,
        submission,
        secrets.token_hex(8),
        (exercise.checks_path, private) if private else (exercise.checks_path,),
        limits,
        location.find(),
        results,
        fresh,
        stock.lend(exercise) if stock else None,
    )
    verdicts: list[CheckResult] = []
    process, ours = early.take(request) if early else forked.begin(request)
    if request.loan:
        request.loan.handed_over()
    try:
        ending, problem = hearing.follow(ours, begun + limits.grading_seconds, verdicts, listen)
    except BaseException:
        forked.end(process, request.session)
        raise
    finally:
        if stock:
            stock.expect(ours)
        else:
            ours.close()
    if problem:
        forked.end(process, request.session)
    if ending.known:
        return _again(ending.known, submission, listen), 1.0
    report = Report(
        exercise=exercise.id,
        submission=submission.info,
        checks=hearing.complete(verdicts, _declared(request.checks), problem),
        engine=ending.facts,
        seconds=time.monotonic() - begun,
        reproduce=exercise.reproduce,
    )
    if is_untouched(exercise, submission):
        report = report.as_untouched()
    if results and ending.key and not second_look.is_doubtful(report, ending.share):
        _keep(report, ending.key, results)
    return report, ending.share


def _declared(modules: tuple[Path, ...]) -> tuple[CheckSpec, ...]:
    return tuple(spec for module in modules for spec in checkspec.read(module))


def _again(known: Report, submission: Submission, listen: Listener) -> Report:
    """A report that was recorded, told as if it were new, of the submission at hand."""
    for check in known.checks:
        listen(Event("check", check.title, check))
    return replace(known, submission=submission.info)


def _keep(report: Report, key: str, folder: Path) -> None:
    """Record a report. A store that can't be written costs time later, and nothing else."""
    from grader.store import Results

    with contextlib.suppress(GraderError), Results.open(folder) as store:
        store.replace(key, report)


def settle() -> None:
    """Wait until nothing of finished gradings is left."""
    for process in multiprocessing.active_children():
        if process.name == forked.PROCESS_NAME:
            process.join(CLEANING_SECONDS)


def sweep() -> list[str]:
    """Remove what dead sessions left behind; one line for each thing. Raises EngineError."""
    from grader.engine import session

    return session.sweep()
