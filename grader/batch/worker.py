"""``./lab worker ADDRESS``: grades for a Dask scheduler, on the engine of this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import Any

from distributed import Reschedule, Worker, get_worker

from grader.batch import task as tasks
from grader.batch.places import PER_CORE
from grader.batch.task import Task
from grader.grading import runner, warm
from grader.verdict.outcome import EngineError, GraderError
from grader.verdict.report import Report, Status

PATIENCE_SECONDS = 5.0
"""In a cluster, others grade on: an engine that isn't back by then is given up with its worker."""


def facts() -> Mapping[str, Any]:
    """What verdicts depend on, of this worker's engine; an empty one where it doesn't answer."""
    from grader.engine import client
    from grader.grading import host

    try:
        return host.dependencies(client.connect())
    except EngineError as error:
        return {"version": str(error)}


def grade(task: Task) -> Report:
    """Grade a task here. Where this worker's engine is gone, the worker leaves the cluster and
    the task goes to another."""
    report = tasks.grade(task, patience=PATIENCE_SECONDS)
    if report.status is Status.ERROR and not tasks.engine_answers(0):
        worker = get_worker()
        worker.loop.add_callback(worker.close, reason="its engine is gone")
        raise Reschedule
    return report


def serve(address: str, size: int | None) -> None:
    """Work for the scheduler at ``address`` until it or this process ends.

    ``size`` gradings run at once. Raises GraderError when there is no engine or no scheduler.
    """
    from grader.engine import client

    client.connect().close()
    warm.start()
    asyncio.run(_serve(address, size or PER_CORE * (os.cpu_count() or 1)))
    runner.settle()


async def _serve(address: str, size: int) -> None:
    try:
        async with Worker(address, nthreads=size, memory_limit=0) as worker:
            await worker.finished()
    except (OSError, TimeoutError, ValueError) as error:
        raise GraderError(f"No Dask scheduler answers at {address}: {error}") from error
