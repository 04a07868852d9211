"""Those who grade: the processes of this machine, or the workers of a Dask cluster. This machine
takes as many gradings at once as it has room for, unless a number is given."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol

from grader.batch import task as tasks
from grader.batch.places import Places
from grader.batch.task import Task
from grader.grading import runner, warm
from grader.grading.stock import Stock
from grader.verdict.report import Report


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
        self._places = Places(size)
        self.size = self._places.most
        self._stock = Stock()
        self._pool = ThreadPoolExecutor(self.size, thread_name_prefix="grade")
        warm.start()

    def facts(self) -> Mapping[str, Any]:
        from grader.engine import client
        from grader.grading import host

        return host.dependencies(client.connect())

    def submit(self, task: Task) -> Future[Report]:
        return self._pool.submit(self._grade, task)

    def _grade(self, task: Task) -> Report:
        with self._places.one():
            return tasks.grade(task, stock=self._stock)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
        runner.settle()
        self._stock.close()
