"""Predictions of the lab's scorer: the one that is always asked for, and what becomes of its line.

Every model of the lab gives these features the same score. Who asks and what for isn't known here.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from grader.probe.container import Container
from grader.verdict.facts import Response

FEATURES = {"features": [1.0, 2.0, 3.0]}
SCORE = 4.75
LINE_SECONDS = 2.0


@dataclass(frozen=True)
class Prediction:
    """One prediction with an id of its own, and whether the line about it came out while the
    service ran, ``waited`` seconds at most."""

    answer: Response
    request: str
    is_logged: bool
    waited: float


def send(
    container: Container,
    body: object = FEATURES,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Callable[[], Response]:
    """POST ``body`` to /predict now; calling the result waits for its answer. Leaves no receipt."""
    return container.send(
        "/predict",
        method="POST",
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
        receipt=False,
    )


def play(container: Container, seconds: float = LINE_SECONDS) -> Prediction:
    """Ask for a prediction, and wait ``seconds`` for the line about it: it is printed after the
    answer, and nothing is asked after it, which could push it out of a buffer."""
    request = secrets.token_hex(8)
    answer = send(container, headers={"X-Request-Id": request})()
    return Prediction(answer, request, container.wait_line(request, seconds), seconds)
