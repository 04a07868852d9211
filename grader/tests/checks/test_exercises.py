"""Every exercise against the real engine: starter and variants get their verdicts; of solutions
see ``test_solutions.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.answer import submission
from grader.author import variant
from grader.author.variant import Variant
from grader.exercise import catalog
from grader.exercise.catalog import Exercise
from grader.grading import runner
from grader.grading.stock import Stock

EXERCISES = list(catalog.discover().values())
VARIANTS = sorted(
    ((exercise, each) for exercise in EXERCISES for each in variant.of(exercise)),
    key=lambda pair: pair[1].name,
)
"""By name: gradings that wait and gradings that compute run beside each other then."""


@pytest.mark.course
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_starter_fails_exactly_its_declared_checks(
    exercise: Exercise, stock: Stock, untouched: Path
) -> None:
    """A starter that fails for any other reason sends learners the wrong way. It is graded once in
    a test run: here or in its notebook."""
    answer = submission.from_texts(exercise, exercise.starter)
    report = runner.grade(exercise, answer, stock=stock, results=untouched)
    assert variant.differences(report, exercise.starter_fails, {}) == []


@pytest.mark.course
@pytest.mark.parametrize(
    ("exercise", "tried"),
    VARIANTS,
    ids=lambda value: value.name if isinstance(value, Variant) else value.id,
)
def test_variant_gets_its_declared_verdict(
    exercise: Exercise, tried: Variant, stock: Stock
) -> None:
    """False verdicts are the worst bug that a grader can have."""
    report = runner.grade(exercise, tried.submission(exercise), stock=stock)
    assert variant.differences(report, tried.fails, tried.says, tried.refused) == []
