"""Those who grade: the processes of this machine, or the workers of a Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from grader.batch import task as tasks
from grader.batch.task import Task
from grader.grading import runner, warm
from grader.grading.stock import Stock
from grader.verdict.report import Report

PER_CORE = 2
"""Gradings at once for each core: most of one is waiting for the engine."""


class Crew(Protocol):
    """Grades tasks; ``size`` of them at once."""

    size: int

    def facts(self) -> Mapping[str, Any]:
        """What verdicts depend on, of the engines that are graded on. Raises GraderError."""
        ...

    def submit(self, task: Task) -> Future[Report]:
        """Begin with a task, or queue it."""
        ...

    def close(self) -> None:
        """Let what runs end, and start nothing more."""
        ...


class LocalCrew:
    """This machine's engine; each grading is a process of its own."""

    def __init__(self, size: int | None = None) -> None:
        self.size = size or PER_CORE * (os.cpu_count() or 1)
        self._stock = Stock()
        self._pool = ThreadPoolExecutor(self.size, thread_name_prefix="grade")
        warm.start()

    def facts(self) -> Mapping[str, Any]:
        from grader.engine import client
        from grader.grading import host

        return host.dependencies(client.connect())

    def submit(self, task: Task) -> Future[Report]:
        return self._pool.submit(tasks.grade, task, stock=self._stock)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        runner.settle()
        self._stock.close()
