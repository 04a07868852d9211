"""What comes next is what a person would go on with."""

from __future__ import annotations

from dataclasses import replace

from grader.exercise import catalog
from grader.learner.overview import Overview
from grader.store import Progress

FOUND = {name: (each, Progress()) for name, each in catalog.discover().items()}
FIRST, SECOND, THIRD = list(FOUND)[:3]


def after(**done: float) -> Overview:
    """The course with shares of the points that were earned in some exercises."""
    known = dict(FOUND)
    for name, share in done.items():
        exercise, state = FOUND[name]
        known[name] = (exercise, replace(state, attempts=1, best=share * exercise.max_points))
    return Overview(known)


def following(overview: Overview) -> str:
    return overview.following.id if overview.following else ""


def test_course_begins_with_its_first_exercise() -> None:
    assert following(after()) == FIRST


def test_what_was_begun_comes_before_what_is_new() -> None:
    """Whoever stopped in the middle goes on there."""
    assert following(after(**{FIRST: 1.0, THIRD: 0.5})) == THIRD
    assert following(after(**{FIRST: 1.0, THIRD: 1.0})) == SECOND


def test_nothing_follows_when_all_is_solved() -> None:
    overview = after(**dict.fromkeys(FOUND, 1.0))
    assert overview.following is None
    assert overview.earned == overview.maximum
