"""Grades a roster: what is recorded isn't graded again, equal answers are graded once, and each
result is on disk before anybody hears of it. Cut off at any moment, the same call goes on."""

from __future__ import annotations

import contextlib
import fcntl
from collections import Counter, deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue

from grader.batch import interrupt
from grader.batch.crew import Crew
from grader.batch.roster import Entry
from grader.batch.task import Task
from grader.exercise import project
from grader.exercise.catalog import Exercise
from grader.grading import second_look
from grader.store import Results
from grader.verdict.outcome import GraderError, UsageError, unforeseen
from grader.verdict.report import Report

LOCK = "grade.lock"
ALONE = 3
"""How often what a busy machine didn't let us see is graded again, later and by itself."""
AHEAD = 2
"""Tasks in flight for each grading that runs: enough that nobody waits for work."""


@dataclass(frozen=True)
class Graded:
    """What came of one entry. ``report`` is None, or incomplete, where it could not be graded;
    ``problem`` says why."""

    entry: Entry
    report: Report | None
    problem: str = ""

    @property
    def counts(self) -> bool:
        """Whether there is a score."""
        return self.report is not None and self.report.complete


@dataclass(frozen=True)
class Plan:
    """Entries by the task that answers them, and those that can't be graded at all."""

    tasks: Mapping[str, Task]
    entries: Mapping[str, Sequence[Entry]]
    hopeless: Sequence[Entry]

    @classmethod
    def of(
        cls,
        roster: Sequence[Entry],
        exercises: Mapping[str, Exercise],
        crew: Crew,
        private: Mapping[str, bytes],
    ) -> Plan:
        """Raises GraderError when the crew has no engine."""
        facts = crew.facts()
        tasks: dict[str, Task] = {}
        entries: dict[str, list[Entry]] = {}
        for entry in roster:
            if entry.submission is not None:
                exercise = exercises[entry.exercise]
                source = private.get(exercise.id, b"")
                task = Task.of(exercise, entry.submission, facts, source)
                tasks.setdefault(task.key, task)
                entries.setdefault(task.key, []).append(entry)
        return cls(tasks, entries, [entry for entry in roster if entry.submission is None])


def grade(
    plan: Plan, crew: Crew, results: Results, *, fresh: bool = False
) -> Generator[Graded, None, None]:
    """Yield every entry of the plan as soon as its verdict is recorded.

    Closing the generator lets what runs end and records it; close it before the store. Raises
    GraderError when a result can't be recorded, and KeyboardInterrupt between two results only.
    """
    yield from (Graded(entry, None, entry.problem) for entry in plan.hopeless)
    waiting: deque[Task] = deque()
    for key, task in plan.tasks.items():
        known = None if fresh else results.get(key)
        if known:
            yield from _told(plan, key, known)
        else:
            waiting.append(task)
    running: dict[Future[Report], str] = {}
    done: SimpleQueue[Future[Report] | None] = SimpleQueue()
    late: deque[Task] = deque()
    tries: Counter[str] = Counter()
    with interrupt.as_message(lambda: done.put(None)):
        try:
            while waiting or running or late:
                if not waiting and not running:
                    waiting.append(late.popleft())
                while waiting and len(running) < AHEAD * crew.size:
                    task = waiting.popleft()
                    tries[task.key] += 1
                    future = crew.submit(task)
                    running[future] = task.key
                    future.add_done_callback(done.put)
                ended = done.get()
                if ended is None:
                    raise KeyboardInterrupt
                key = running.pop(ended)
                if tries[key] <= ALONE and _was_too_busy(ended):
                    late.append(plan.tasks[key])
                else:
                    yield from _concluded(plan, key, ended, results, fresh)
        finally:
            crew.close()
            for future, key in running.items():
                if future.done() and not future.cancelled():
                    list(_concluded(plan, key, future, results, fresh))


def _was_too_busy(future: Future[Report]) -> bool:
    return not future.exception() and second_look.is_too_busy(future.result())


def _concluded(
    plan: Plan, key: str, future: Future[Report], results: Results, fresh: bool
) -> Iterator[Graded]:
    try:
        report = future.result()
    except Exception as error:
        said = str(error) if isinstance(error, GraderError) else unforeseen(error)
        yield from (Graded(entry, None, said) for entry in plan.entries[key])
        return
    if fresh:
        results.replace(key, report)
    else:
        results.put(key, report)
    yield from _told(plan, key, report)


def _told(plan: Plan, key: str, report: Report) -> Iterator[Graded]:
    """The report as each of the entries' own; all but the first were not graded for themselves."""
    for number, entry in enumerate(plan.entries[key]):
        assert entry.submission
        own = replace(report, submission=entry.submission.info, cached=report.cached or number > 0)
        yield Graded(entry, own, _reason(own))


def _reason(report: Report) -> str:
    if report.complete:
        return ""
    unfinished = [check for check in report.checks if check.absent or check.status == "error"]
    return unfinished[0].message if unfinished else "No check ran."


@contextlib.contextmanager
def only_one(folder: Path | None = None) -> Iterator[None]:
    """Be the one process that grades a class into a store. Raises UsageError beside another."""
    place = folder or project.state()
    place.mkdir(parents=True, exist_ok=True)
    with (place / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"Another ./lab grade is writing to {place}. Wait for it.") from error
        yield
