"""Ctrl-C at the worst moment: while the main thread holds the lock of a future."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from grader.answer import submission
from grader.batch import coordinator, interrupt
from grader.batch.coordinator import Plan
from grader.batch.roster import Entry
from grader.batch.task import Task
from grader.exercise import catalog
from grader.store import Results
from grader.tests.notebook.reports import passed
from grader.verdict.report import Report

EXERCISE = catalog.find("nonroot_user")


class Interrupted(threading.Condition):
    """Ctrl-C comes just after the main thread has taken the lock, once."""

    def __init__(self) -> None:
        super().__init__()
        self._take, self._came = self.acquire, False
        self.acquire = self._take_interrupted  # type: ignore[method-assign]

    def _take_interrupted(self, blocking: bool = True, timeout: float = -1) -> bool:
        taken = self._take(blocking, timeout)
        if threading.current_thread() is threading.main_thread() and not self._came:
            self._came = True
            signal.raise_signal(signal.SIGINT)
        return taken

    def __enter__(self) -> bool:
        return self.acquire()


class Crew:
    """One who grades at once."""

    size = 1

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._may_end = threading.Event()

    def facts(self) -> Mapping[str, Any]:
        return {}

    def submit(self, task: Task) -> Future[Report]:
        future = self._pool.submit(self._grade)
        future._condition = Interrupted()
        self._may_end.set()
        return future

    def _grade(self) -> Report:
        self._may_end.wait()
        return passed()

    def close(self) -> None:
        self._pool.shutdown()


@pytest.mark.timeout(20)
def test_interrupted_grading_ends_and_keeps_what_runs(tmp_path: Path) -> None:
    answer = submission.from_texts(EXERCISE, EXERCISE.solved)
    crew = Crew()
    plan = Plan.of([Entry("ada", EXERCISE.id, tmp_path, answer)], {EXERCISE.id: EXERCISE}, crew, {})
    with Results.open(tmp_path) as results:
        with (
            pytest.raises(KeyboardInterrupt),
            closing(coordinator.grade(plan, crew, results)) as graded,
        ):
            list(graded)
        assert results.get(next(iter(plan.tasks)))


def test_second_interrupt_is_for_the_impatient() -> None:
    told: list[bool] = []
    before = signal.getsignal(signal.SIGINT)
    with interrupt.as_message(lambda: told.append(True)):
        signal.raise_signal(signal.SIGINT)
        assert told == [True]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_ignored_interrupts_stay_ignored() -> None:
    """nohup, or a shell's background job."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupt.as_message(lambda: pytest.fail("told")):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
