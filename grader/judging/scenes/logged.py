"""A whole life of a service that logs: one request of each kind, a stop, and all that it printed.

What its lines should look like isn't known here.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from grader.engine.image import Image
from grader.judging.jsonlines import Line, parsed
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.facts import Response
from grader.verdict.outcome import LearnerFault

FAR_AWAY = "TZ=Asia/Kathmandu"
"""A local time that differs from UTC by 5:45 h, so that it can't be taken for it."""
STOP_SECONDS = 8.0


@dataclass(frozen=True)
class Run:
    """What a process printed in its whole life, and the requests that it was asked.

    ``begun`` and ``ended`` are seconds since the epoch; ``predict``, ``odd`` and ``fail`` are the
    request ids, drawn anew for each grading. ``came``: whether the line about the prediction came
    out while the service ran."""

    raw: tuple[str, ...]
    answers: Mapping[str, Response]
    ids: Mapping[str, str]
    begun: float
    ended: float
    came: bool

    @property
    def lines(self) -> list[Line]:
        """The lines that are JSON objects."""
        return [line for text in self.raw if (line := parsed(text)) is not None]

    def said(self, message: str, request: str = "") -> Line | None:
        """The line of the given app with this message, of this request when one is named."""
        for line in self.lines:
            if str(line.get("message", line.get("event", ""))).startswith(message) and (
                not request or self.ids[request] in json.dumps(line)
            ):
                return line
        return None


def live(start: Start, image: Image, environment: list[str], wait: float = 0.0) -> Run:
    """Start the service, send it one request of each kind, stop it, read what it printed. The line
    about the prediction is waited for ``wait`` seconds."""
    begun = time.time()
    service = start(image, config={"Env": [FAR_AWAY, *environment]})
    ids = {name: f"{name}-{secrets.token_hex(6)}" for name in ("predict", "odd", "fail")}
    answers = {name: _ask(service, name, identity) for name, identity in ids.items()}
    came = bool(wait) and service.wait_line("predicted 4.750", wait)
    service.signal("SIGTERM")
    if service.wait_exit(STOP_SECONDS) is None:
        raise LearnerFault(f"The service did not stop within {STOP_SECONDS:.0f} s of SIGTERM.")
    logs = service.lines()
    raw = tuple(text for text in logs.lines if text)
    return Run(raw, answers, ids, begun, time.time(), came)


def _ask(service: Container, name: str, identity: str) -> Response:
    headers = {"Content-Type": "application/json", "X-Request-Id": identity}
    body = b'{"features": [1.0, 2.0, 3.0]}'
    path = f"/{name}"
    return service.send(path, method="POST", body=body, headers=headers, receipt=False)()
