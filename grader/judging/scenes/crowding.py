"""A prediction among many health requests, timed beside one among as many requests for nothing, and
one that has the service for itself.

What a request costs on this machine is in both crowds, so that only the work for /health is left
between them. Only the times are told; how much longer is too long isn't known here, save for when
to stop measuring.
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
NOTHING = "/drydock-nothing"
"""A path that no service has: its answer costs what a request costs."""
ROUNDS = 4
ALONE = 3


@dataclass(frozen=True)
class Crowding:
    """Seconds for one prediction alone, for one among requests for nothing, and for one among as
    many health requests."""

    alone: float
    control: float
    together: float

    @property
    def ratio(self) -> float:
        """How many predictions' time the health requests took, with the prediction among them."""
        return 1 + max(0.0, self.together - self.control) / self.alone


def play(container: Container, enough: float) -> Crowding:
    """The quickest of some rounds: what only slows one of them is the machine's business. A
    prediction alone is timed before and after each, so that neither side has the better moment.
    The first round with a ratio of at most ``enough`` is the last. Raises LearnerFault when a
    prediction is wrong."""
    alone, controls, rounds = [_alone(container)], [], []
    for _ in range(ROUNDS):
        rounds.append(_timed(lambda: _among(container, "/health")))
        controls.append(_timed(lambda: _among(container, NOTHING)))
        alone.append(_alone(container))
        if Crowding(min(alone), min(controls), min(rounds)).ratio <= enough:
            break
    return Crowding(min(alone), min(controls), min(rounds))


def _alone(container: Container) -> float:
    return min(_timed(lambda: prediction.send(container)()) for _ in range(ALONE))


def _among(container: Container, path: str) -> Response:
    sent = [container.send(path, receipt=False) for _ in range(HEALTH_REQUESTS)]
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
