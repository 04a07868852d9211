"""A prediction among many health requests, timed beside one that has the service for itself.

Only the two times are told; how much longer is too long isn't known here, save for when to stop
measuring.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from grader.judging.scenes import prediction
from grader.judging.scenes.prediction import FEATURES, SCORE
from grader.probe.container import Container
from grader.verdict.facts import Response
from grader.verdict.outcome import LearnerFault

HEALTH_REQUESTS = 12
ROUNDS = 4
ALONE = 3


@dataclass(frozen=True)
class Crowding:
    """Seconds for one prediction alone, and for one together with many health requests."""

    alone: float
    together: float

    @property
    def ratio(self) -> float:
        return self.together / self.alone


def play(container: Container, enough: float) -> Crowding:
    """The quickest of some rounds: what only slows one of them is the machine's business. A
    prediction alone is timed before and after each, so that neither side has the better moment.
    The first round with a ratio of at most ``enough`` is the last. Raises LearnerFault when a
    prediction is wrong."""
    alone, rounds = [_alone(container)], []
    for _ in range(ROUNDS):
        rounds.append(_timed(lambda: _together(container)))
        alone.append(_alone(container))
        if rounds[-1] <= enough * min(alone):
            break
    return Crowding(min(alone), min(rounds))


def _alone(container: Container) -> float:
    return min(_timed(lambda: prediction.send(container)()) for _ in range(ALONE))


def _together(container: Container) -> Response:
    sent = [container.send("/health", receipt=False) for _ in range(HEALTH_REQUESTS)]
    predicted = prediction.send(container)
    for answer in sent:
        answer()
    return predicted()


def _timed(call: Callable[[], Response]) -> float:
    begun = time.monotonic()
    answer = call()
    seconds = time.monotonic() - begun
    if answer.json() != {"score": SCORE}:
        raise LearnerFault(
            f"A prediction for {json.dumps(FEATURES)} came to {answer}; it should be "
            f'{{"score": {SCORE}}}.'
        )
    return seconds
