"""Every exercise against the real engine: solution, starter and variants get their verdicts."""

from __future__ import annotations

import pytest

from grader import catalog, runner, submission, variant
from grader.catalog import Exercise
from grader.variant import Variant

EXERCISES = list(catalog.discover().values())
VARIANTS = [(exercise, each) for exercise in EXERCISES for each in variant.of(exercise)]


@pytest.mark.course
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_solution_gets_full_marks(exercise: Exercise) -> None:
    """A solution that fails would teach the wrong thing."""
    report = runner.grade(exercise, submission.from_texts(exercise, exercise.solved))
    assert variant.differences(report, (), {}) == []


@pytest.mark.course
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_starter_fails_exactly_its_declared_checks(exercise: Exercise) -> None:
    """A starter that fails for any other reason sends learners the wrong way."""
    report = runner.grade(exercise, submission.from_texts(exercise, exercise.starter))
    assert variant.differences(report, exercise.starter_fails, {}) == []


@pytest.mark.course
@pytest.mark.parametrize(
    ("exercise", "tried"),
    VARIANTS,
    ids=lambda value: value.name if isinstance(value, Variant) else value.id,
)
def test_variant_gets_its_declared_verdict(exercise: Exercise, tried: Variant) -> None:
    """False verdicts are the worst bug that a grader can have."""
    report = runner.grade(exercise, tried.submission(exercise))
    assert variant.differences(report, tried.fails, tried.says) == []


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_every_check_alone_rejects_something(exercise: Exercise) -> None:
    """A check without a wrong answer that only it rejects is not tested."""
    alone = {each.fails[0] for each in variant.of(exercise) if len(each.fails) == 1}
    judged = {check.id for check in exercise.checks if not check.advice}
    assert judged - alone == set()


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_unusual_right_answers_are_accepted(exercise: Exercise) -> None:
    """At least two ways to be right that don't look like the solution."""
    assert len([each for each in variant.of(exercise) if not each.fails]) >= 2
