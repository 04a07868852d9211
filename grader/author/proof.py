"""The proof of an exercise on the engine: solution, starter and variants get what they declare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from grader.answer import submission
from grader.answer.submission import Submission
from grader.author import variant
from grader.author.variant import Variant
from grader.exercise.catalog import Exercise
from grader.grading import runner
from grader.grading.stock import Stock
from grader.verdict.report import Report, Status

AT_ONCE = 3
"""Gradings beside each other: most of a grading is waiting for the engine."""


@dataclass(frozen=True)
class Proof:
    """One answer of an exercise that was graded: ``problems`` is empty when all is as declared."""

    exercise: str
    answer: str
    """``solution``, ``starter`` or the name of a variant."""
    report: Report
    problems: tuple[str, ...]

    @property
    def is_ours(self) -> bool:
        """Whether the grader could not grade, so that nothing is proven either way."""
        return self.report.status is Status.ERROR


@dataclass(frozen=True)
class Claim:
    """An answer of an exercise and the verdict that it declares."""

    exercise: Exercise
    answer: str
    submission: Submission
    variant: Variant | None
    fails: tuple[str, ...]

    def prove(self, stock: Stock | None) -> Proof:
        """Grade it, and say what differs."""
        report = runner.grade(self.exercise, self.submission, stock=stock)
        says = self.variant.says if self.variant else {}
        refused = self.variant.refused if self.variant else ""
        found = variant.differences(report, self.fails, says, refused)
        if self.answer == "starter" and report.score >= report.max_score:
            found.append("the starter gets full marks")
        return Proof(self.exercise.id, self.answer, report, tuple(found))


def prove(
    exercises: Iterable[Exercise], *, variants: bool, at_once: int = AT_ONCE
) -> Iterator[Proof]:
    """Grade all answers, ``at_once`` beside each other, and yield what came of each in order.

    Closing the iterator early lets what runs end and starts nothing more.
    """
    claims = [claim for exercise in exercises for claim in claims_of(exercise, variants)]
    with Stock() as stock, ThreadPoolExecutor(at_once) as pool:
        futures = [pool.submit(claim.prove, stock) for claim in claims]
        try:
            for future in futures:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)
            runner.settle()


def claims_of(exercise: Exercise, variants: bool) -> Iterator[Claim]:
    """Solution, starter and, if wanted, the variants."""
    solved = submission.from_texts(exercise, exercise.solved)
    yield Claim(exercise, "solution", solved, None, ())
    starter = submission.from_texts(exercise, exercise.starter)
    yield Claim(exercise, "starter", starter, None, exercise.starter_fails)
    for each in variant.of(exercise) if variants else ():
        yield Claim(exercise, each.name, each.submission(exercise), each, each.fails)
