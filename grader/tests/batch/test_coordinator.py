"""A fault that nobody foresaw costs the answer that it happened to, and no other."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.answer import submission
from grader.batch import coordinator
from grader.batch.coordinator import Plan
from grader.batch.roster import Entry
from grader.batch.task import Task
from grader.exercise import catalog
from grader.store import Results
from grader.tests.notebook.reports import passed
from grader.verdict.outcome import MachineTooBusy
from grader.verdict.report import Report, Status

EXERCISE = catalog.find("nonroot_user")


class Crew:
    """Has a fault of its own with the first answer."""

    size = 1

    def __init__(self) -> None:
        self._is_first = True

    def facts(self) -> Mapping[str, Any]:
        return {}

    def submit(self, task: Task) -> Future[Report]:
        future: Future[Report] = Future()
        if self._is_first:
            future.set_exception(SystemError("AST constructor recursion depth mismatch"))
        else:
            future.set_result(passed())
        self._is_first = False
        return future

    def close(self) -> None:
        pass


def test_fault_that_nobody_foresaw_costs_one_answer(tmp_path: Path) -> None:
    texts = (EXERCISE.solved, EXERCISE.starter)
    roster = [
        Entry(student, EXERCISE.id, tmp_path, submission.from_texts(EXERCISE, text))
        for student, text in zip(("ada", "bob"), texts, strict=True)
    ]
    crew = Crew()
    plan = Plan.of(roster, {EXERCISE.id: EXERCISE}, crew, {})
    with Results.open(tmp_path) as results:
        ada, bob = coordinator.grade(plan, crew, results)
        assert [results.get(key) is not None for key in plan.tasks] == [False, True]
    assert (ada.report, ada.problem) == (
        None,
        "A fault of the grader, not yours (SystemError: AST constructor recursion depth mismatch).",
    )
    assert bob.counts


class Busy(Crew):
    """A machine that is too busy for the first answer, as often as ``times``."""

    def __init__(self, times: int) -> None:
        self._times = times
        self.asked: list[str] = []

    def submit(self, task: Task) -> Future[Report]:
        self.asked.append(task.key)
        future: Future[Report] = Future()
        report = passed()
        if task.key == self.asked[0] and self._times:
            self._times -= 1
            check = replace(
                report.checks[0], status=Status.ERROR, message=str(MachineTooBusy("it was"))
            )
            report = replace(report, checks=(check, *report.checks[1:]))
        future.set_result(report)
        return future


@pytest.mark.parametrize(("times", "counts"), [(2, True), (9, False)])
def test_what_a_busy_machine_hid_is_graded_later_and_alone(
    times: int, counts: bool, tmp_path: Path
) -> None:
    """After all others, some times, and only then told."""
    texts = (EXERCISE.solved, EXERCISE.starter)
    roster = [
        Entry(student, EXERCISE.id, tmp_path, submission.from_texts(EXERCISE, text))
        for student, text in zip(("ada", "bob"), texts, strict=True)
    ]
    crew = Busy(times)
    plan = Plan.of(roster, {EXERCISE.id: EXERCISE}, crew, {})
    with Results.open(tmp_path) as results:
        bob, ada = coordinator.grade(plan, crew, results)
    first, second = plan.tasks
    again = [first] * min(times, coordinator.ALONE)
    assert crew.asked == [first, second, *again]
    assert (bob.entry.student, ada.entry.student) == ("bob", "ada")
    assert (bob.counts, ada.counts) == (True, counts)
