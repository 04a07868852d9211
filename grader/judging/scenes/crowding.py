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
LEAST_WORK = 0.2
"""The least part of a prediction's time that is work: the rest is what any request costs."""


@dataclass(frozen=True)
class Crowding:
    """Seconds for one prediction alone, for one among requests for nothing, for one among as many
    health requests, and for a request for nothing alone."""

    alone: float
    nothing: float
    control: float
    together: float

    @property
    def ratio(self) -> float:
        """How many predictions' work the health requests took, with the prediction among them."""
        work = max(self.alone - self.nothing, LEAST_WORK * self.alone)
        return 1 + max(0.0, self.together - self.control) / work


def play(container: Container, enough: float) -> Crowding:
    """The quickest of some rounds: what only slows one of them is the machine's business. A
    prediction alone is timed before and after each, so that neither side has the better moment.
    The first round with a ratio of at most ``enough`` is the last. Raises LearnerFault when a
    prediction is wrong."""
    alone, nothing = [_alone(container)], [_nothing(container)]
    controls, rounds = [], []
    for _ in range(ROUNDS):
        rounds.append(_timed(lambda: _among(container, "/health")))
        controls.append(_timed(lambda: _among(container, NOTHING)))
        alone.append(_alone(container))
        nothing.append(_nothing(container))
        found = Crowding(min(alone), min(nothing), min(controls), min(rounds))
        if found.ratio <= enough:
            break
    return found


def _alone(container: Container) -> float:
    return min(_timed(lambda: prediction.send(container)()) for _ in range(ALONE))


def _nothing(container: Container) -> float:
    return min(_seconds(lambda: container.send(NOTHING, receipt=False)())[0] for _ in range(ALONE))


def _among(container: Container, path: str) -> Response:
    sent = [container.send(path, receipt=False) for _ in range(HEALTH_REQUESTS)]
    predicted = prediction.send(container)
    for answer in sent:
        answer()
    return predicted()


def _timed(call: Callable[[], Response]) -> float:
    seconds, answer = _seconds(call)
    if answer.json() != {"score": SCORE}:
        raise LearnerFault(
            f"A prediction for {json.dumps(FEATURES)} came to {answer}; it should be "
            f'{{"score": {SCORE}}}.'
        )
    return seconds


def _seconds(call: Callable[[], Response]) -> tuple[float, Response]:
    begun = time.monotonic()
    answer = call()
    return time.monotonic() - begun, answer
