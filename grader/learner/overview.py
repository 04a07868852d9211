"""The whole course as a learner has done it so far, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grader import store
from grader.exercise import catalog
from grader.exercise.catalog import Exercise
from grader.store import Progress


@dataclass(frozen=True)
class Overview:
    """Every exercise with what is known of it, in the course's order."""

    done: Mapping[str, tuple[Exercise, Progress]]

    @classmethod
    def now(cls) -> Overview:
        found = catalog.discover()
        return cls({name: (each, store.progress(name)) for name, each in found.items()})

    @property
    def earned(self) -> float:
        return sum(state.best for _, state in self.done.values())

    @property
    def maximum(self) -> float:
        return sum(exercise.max_points for exercise, _ in self.done.values())

    @property
    def following(self) -> Exercise | None:
        """What to do next: what was begun and isn't solved, else the first that is untried; None
        when everything is solved."""
        open_ones: Sequence[tuple[Exercise, Progress]] = [
            (exercise, state)
            for exercise, state in self.done.values()
            if state.best < exercise.max_points
        ]
        begun = [exercise for exercise, state in open_ones if state.attempts]
        return next(iter([*begun, *(exercise for exercise, _ in open_ones)]), None)
