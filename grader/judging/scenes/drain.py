"""One stop of a service with a batch in flight, while new requests come.

It begins as ``docker stop`` does. What should become of the batch, of the new requests and of the
journal that the service kept isn't known here.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

from grader.engine.image import Image
from grader.judging import journal
from grader.judging.scenes.lingering import GONE_SECONDS, GRACE_SECONDS, Lingering, ended
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.facts import Exit, Response
from grader.verdict.outcome import MachineTooBusy

PROBE_SECONDS = 0.5
PAUSE_SECONDS = 0.03
TELLING_SECONDS = 0.6
"""A batch that is over sooner after the signal says nothing about new requests."""
TOGETHER_SECONDS = 0.2
BEGUN_SECONDS = 0.3
"""For an answer that shows that the batch before it has begun; who works at it gives none."""
KILL_SECONDS = 1.0
"""Before its end by SIGKILL, a refusal is that end, seen early on a busy machine."""
ATTEMPTS = 6
KILLED = 137
ROW = [1.0, 2.0, 3.0]


@dataclass(frozen=True)
class Drain:
    """One stop with a batch in flight. ``signalled`` and ``refused``: seconds from sending the
    batch to SIGTERM, and until a new request was turned away; ``served``: the last one before that
    which wasn't; ``journal``: what the service left behind. ``late``: docker stop killed it, or
    would have before its end."""

    key: str
    answer: Response
    signalled: float
    refused: float
    served: Response | None
    end: Exit
    late: bool
    journal: str

    @property
    def was_hung(self) -> bool:
        """Whether the last request before the refusal was let in and never answered."""
        return self.served is not None and self.served.error == "timeout"

    @property
    def was_killed(self) -> bool:
        """Whether docker stop ended it, or would have if its clock had been the machine's."""
        return self.late

    @property
    def answer_was_lost(self) -> bool:
        """Whether the batch was still in flight when docker stop would have killed the service."""
        return self.late and self.answer.seconds - self.signalled > GRACE_SECONDS

    @property
    def refused_by_its_end(self) -> bool:
        """Whether a service that hung until it was killed turned nothing away before that."""
        lived = self.end.seconds or 0.0
        was_killed = self.was_killed and lived > GRACE_SECONDS - KILL_SECONDS
        return was_killed and self.was_hung and self.refused - self.signalled > lived - KILL_SECONDS

    @property
    def is_telling(self) -> bool:
        """Whether it shows what new requests come to: there was time for them, and what refused
        the last one wasn't the end, which all connections see at about the same moment."""
        over = self.answer.seconds
        was_early = not self.answer.ok or self.signalled < over - TELLING_SECONDS
        was_together = self.was_hung and 0 < over - self.refused < TOGETHER_SECONDS
        return was_early and (not was_together or self.refused_by_its_end)


def play(image: Image, start: Start, others: Lingering) -> Drain:
    """Stop the service as docker stop does, while a batch is in flight and new requests come, and
    ``others`` at the same moment. On a busy machine the signal may come too late to tell anything:
    once more, then. Raises MachineTooBusy when it never comes in time."""
    for _ in range(ATTEMPTS):
        container = start(image, config=others.config)
        others.wait_connected()
        seen = _stop(container, others)
        if seen.is_telling:
            return seen
    raise MachineTooBusy("the signal came too late, when the batch was nearly over")


def _stop(container: Container, others: Lingering) -> Drain:
    key = secrets.token_hex(6)
    begun = time.monotonic()
    answer = container.send(
        "/batch",
        method="POST",
        body=json.dumps({"id": key, "rows": [ROW]}).encode(),
        headers={"Content-Type": "application/json"},
        timeout=GONE_SECONDS,
        receipt=False,
    )
    container.await_accepted()
    container.send(
        "/health", timeout=BEGUN_SECONDS, receipt=False, by_the_clock=True, may_hang=True
    )()
    container.stop()
    container.wait_event("kill", GONE_SECONDS)
    signalled = time.monotonic() - begun
    others.stop()
    *served, _ = _ask_until_refused(container)
    refused = time.monotonic() - begun
    response, end = answer(), ended(container)
    late = end.code == KILLED or container.is_later(end.seconds or 0.0, GRACE_SECONDS)
    written = container.left_behind(journal.PATH) or ""
    last = served[-1] if served else None
    return Drain(key, response, signalled, refused, last, end, late, written)


def _ask_until_refused(container: Container) -> Iterator[Response]:
    """The answers to new requests, up to the first that says no; at the latest the end of the
    service is one."""
    while True:
        asked = container.send("/health", timeout=PROBE_SECONDS, receipt=False, may_hang=True)()
        yield asked
        if asked.error in ("refused", "closed") or asked.status == 503:
            return
        container.wait_event("die", PAUSE_SECONDS)
