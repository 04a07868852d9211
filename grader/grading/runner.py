"""Grades one submission in a process of its own, forked from a warm parent.

This module imports neither pytest nor docker-py: `./lab check` and notebooks stay quick to start.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import secrets
import signal
import sys
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

from grader.answer.submission import Submission, is_untouched
from grader.engine import location
from grader.engine.sandbox import LIMITS, Limits
from grader.exercise import checkspec
from grader.exercise.catalog import Exercise
from grader.exercise.checkspec import CheckSpec
from grader.grading import warm
from grader.grading.request import Ending, Request
from grader.verdict.event import Event, Listener, ignore
from grader.verdict.outcome import EngineError, GraderError
from grader.verdict.report import CheckResult, Report, Status

if TYPE_CHECKING:
    from grader.grading.stock import Stock

CLEANING_SECONDS = 20.0
PROCESS_NAME = "drydock-grading"
_CAN_FORK = sys.platform == "linux"
"""macOS's own libraries don't survive a fork."""


class Early:
    """A grading process that is started before it is known what to grade.

    For a command that grades once: it imports what it needs while the command line is still being
    read. Where forking isn't safe it stays unused.
    """

    def __init__(self) -> None:
        self.pipe: Connection | None = None
        if _CAN_FORK:
            context = multiprocessing.get_context("fork")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(
                target=_wait_for_work, args=(self.pipe, theirs), name=PROCESS_NAME, daemon=True
            )
            self.process.start()
            theirs.close()

    def take(self, request: Request) -> tuple[BaseProcess, Connection]:
        """Hand over the request; the process and the pipe that its events come through."""
        if self.pipe is None:
            return _started(request)
        self.pipe.send(request)
        return self.process, self.pipe


def grade(
    exercise: Exercise,
    submission: Submission,
    listen: Listener = ignore,
    *,
    private: Path | None = None,
    limits: Limits = LIMITS,
    early: Early | None = None,
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
    process, ours = early.take(request) if early else _started(request)
    if request.loan:
        request.loan.handed_over()
    try:
        ending, problem = _follow(ours, begun + limits.grading_seconds, verdicts, listen)
    except BaseException:
        _end(process, request.session)
        raise
    finally:
        if stock:
            stock.expect(ours)
        else:
            ours.close()
    if problem:
        _end(process, request.session)
    if ending.known:
        return _again(ending.known, submission, listen)
    report = Report(
        exercise=exercise.id,
        submission=submission.info,
        checks=_complete(verdicts, _declared(request.checks), problem),
        engine=ending.facts,
        seconds=time.monotonic() - begun,
        reproduce=exercise.reproduce,
    )
    if is_untouched(exercise, submission):
        report = report.as_untouched()
    if results and ending.key:
        _keep(report, ending.key, results)
    return report


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


def _started(request: Request) -> tuple[BaseProcess, Connection]:
    warm.start()
    context = warm.context()
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, request), name=PROCESS_NAME)
    process.start()
    theirs.close()
    return process, ours


def settle() -> None:
    """Wait until nothing of finished gradings is left."""
    for process in multiprocessing.active_children():
        if process.name == PROCESS_NAME:
            process.join(CLEANING_SECONDS)


def sweep() -> list[str]:
    """Remove what dead sessions left behind; one line for each thing. Raises EngineError."""
    from grader.engine import session

    return session.sweep()


def _wait_for_work(ours: Connection, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ours.close()
    from grader.grading import process as grading

    with contextlib.suppress(EOFError):
        grading.serve(pipe, pipe.recv())


def _work(pipe: Connection, request: Request) -> None:
    from grader.grading import process as grading

    grading.serve(pipe, request)


def _follow(
    pipe: Connection, deadline: float, results: list[CheckResult], listen: Listener
) -> tuple[Ending, str]:
    """Collect verdicts until the grading ends: (what it said last, what went wrong or nothing)."""
    while pipe.poll(max(0.0, deadline - time.monotonic())):
        try:
            kind, content = pipe.recv()
        except (EOFError, OSError):
            return Ending({}), "The grading process ended before its time. Nothing was scored."
        if kind == "done":
            return content, ""
        if kind == "error":
            return Ending({}), content
        if isinstance(content, Event):
            if content.check:
                results.append(content.check)
            listen(content)
    return Ending(
        {}
    ), "The grading took too long and was ended; that is a fault of ours. Try again."


def _end(process: BaseProcess, session: str) -> None:
    """End a grading and remove what it left; where that fails, the next command tries again."""
    from grader.engine.client import connect
    from grader.engine.session import remove

    process.kill()
    process.join()
    with contextlib.suppress(EngineError):
        remove(connect(), session)


def _complete(
    results: list[CheckResult], declared: tuple[CheckSpec, ...], problem: str
) -> tuple[CheckResult, ...]:
    """All declared checks in order: one without a verdict is an error of ours."""
    known = {result.id: result for result in results}
    missing = problem or "This check gave no verdict: a fault of the grader. Nothing was scored."
    return tuple(
        known.get(spec.id)
        or CheckResult(
            spec.id, spec.title, Status.ERROR, spec.points, message=missing, why=spec.why
        )
        for spec in declared
    )
