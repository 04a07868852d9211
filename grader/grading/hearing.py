"""What a grading tells its caller through the pipe, heard to its end: events as they come, the
ending, and a verdict for every declared check, whatever became of the process.

It must not know how the process was started or who ends it.
"""

from __future__ import annotations

import time
from multiprocessing.connection import Connection

from grader.exercise.checkspec import CheckSpec
from grader.grading.request import Ending
from grader.verdict.event import Event, Listener
from grader.verdict.report import CheckResult, Status


def follow(
    pipe: Connection, deadline: float, results: list[CheckResult], listen: Listener
) -> tuple[Ending, str]:
    """Collect verdicts until the grading ends or ``time.monotonic()`` reaches the deadline. Returns
    what it said last, and what went wrong or nothing."""
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


def complete(
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
