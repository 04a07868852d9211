"""Hints come one at a time, from gentle to plain, for the check that failed first."""

from __future__ import annotations

from dataclasses import dataclass

from grader import store
from grader.exercise.catalog import Exercise
from grader.exercise.checkspec import CheckSpec
from grader.verdict.outcome import UsageError
from grader.verdict.report import Status


@dataclass(frozen=True)
class Hint:
    """``number`` of ``total`` hints of a check; ``is_new`` is false when all were seen before."""

    check: str
    title: str
    text: str
    number: int
    total: int
    is_new: bool


def next_hint(exercise: Exercise, check: str | None = None) -> Hint:
    """The next hint, remembered as seen. Raises UsageError for a check that isn't there."""
    seen = store.hints_seen(exercise.id)
    spec = _named(exercise, check) if check else _wanted(exercise, seen)
    number = min(seen.get(spec.id, 0) + 1, len(spec.hints))
    is_new = number > seen.get(spec.id, 0)
    if is_new:
        store.saw_hint(exercise.id, spec.id, number)
    return Hint(spec.id, spec.title, spec.hints[number - 1], number, len(spec.hints), is_new)


def _named(exercise: Exercise, check: str) -> CheckSpec:
    for spec in exercise.checks:
        if spec.id == check and spec.hints:
            return spec
    names = ", ".join(spec.id for spec in exercise.checks if spec.hints)
    raise UsageError(f"{exercise.id} has no hints for {check!r}; it has some for {names}.")


def _wanted(exercise: Exercise, seen: dict[str, int]) -> CheckSpec:
    """The first check that failed last time; before any attempt, the first with a hint unseen."""
    hinted = [spec for spec in exercise.checks if spec.hints]
    if not hinted:
        raise UsageError(f"{exercise.id} has no hints.")
    last = store.progress(exercise.id).last
    if last:
        failed = {check.id for check in last.checks if check.status is Status.FAILED}
        wanted = [spec for spec in hinted if spec.id in failed]
        if wanted:
            unseen = [spec for spec in wanted if seen.get(spec.id, 0) < len(spec.hints)]
            return (unseen or wanted)[0]
    unseen = [spec for spec in hinted if seen.get(spec.id, 0) < len(spec.hints)]
    return (unseen or hinted)[-1 if not unseen else 0]
