"""Grades one submission in a process of its own, forked from a warm parent.

This module imports neither pytest nor docker-py: `./lab check` and notebooks stay quick to start.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import secrets
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader import checkspec, warm
from grader.catalog import Exercise
from grader.checkspec import CheckSpec
from grader.event import Event, Listener, ignore
from grader.outcome import EngineError, GraderError
from grader.report import CheckResult, Report, Status
from grader.sandbox import LIMITS, Limits
from grader.submission import Submission, is_untouched

if TYPE_CHECKING:
    from grader.inspector.spare import Loan
    from grader.stock import Stock

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


@dataclass(frozen=True)
class Request:
    """What a grading process is asked to do. ``session`` is chosen here, so that everything of it
    can be removed when that process can't do so itself."""

    exercise: Exercise
    submission: Submission
    session: str
    checks: tuple[Path, ...]
    limits: Limits
    engine: str | None
    """``DOCKER_HOST`` of the caller: the warm parent may have been started under another."""
    results: Path | None = None
    """The folder of the store to look in first."""
    fresh: bool = False
    """Grade even if the store knows the verdicts."""
    loan: Loan | None = None


@dataclass(frozen=True)
class Ending:
    """What a grading process says at the end: the engine's facts, the verdicts' key where there is
    a store, and the report where the store knew it."""

    facts: Mapping[str, Any]
    key: str = ""
    known: Report | None = None


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
        os.environ.get("DOCKER_HOST"),
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
    from grader import session

    return session.sweep()


def _wait_for_work(ours: Connection, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ours.close()
    from grader import grading

    with contextlib.suppress(EOFError):
        grading.serve(pipe, pipe.recv())


def _work(pipe: Connection, request: Request) -> None:
    from grader import grading

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
    from grader.engine import connect
    from grader.session import remove

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
