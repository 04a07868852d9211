"""One stop with a batch in flight: what becomes of it with services that stop in different ways."""

from __future__ import annotations

import pytest

from grader.exercise import catalog
from grader.judging.scenes import drain
from grader.judging.scenes.drain import Drain
from grader.judging.scenes.lingering import Lingering
from grader.probe.bench import Bench
from grader.probe.start import Start
from grader.tests.judging.conftest import Built

pytestmark = pytest.mark.slow

CLIENT = {"client.py": catalog.find("drain_requests").given["client.py"]}


def played(traits: str, built: Built, start: Start, bench: Bench) -> tuple[Drain, Lingering]:
    image = built(traits, CLIENT)
    others = Lingering(image, start, bench)
    return drain.play(image, start, others), others


def test_service_that_drains(built: Built, start: Start, bench: Bench) -> None:
    """The batch is answered and saved, a new request is turned away before, and nobody lingers."""
    seen, others = played("", built, start, bench)
    assert seen.answer.json() == {"id": seen.key, "scores": [4.75]}
    assert seen.key in seen.journal
    assert seen.signalled < seen.refused < seen.answer.seconds
    assert seen.is_telling
    assert seen.end.code == 0
    assert [others.end(kind).code for kind in ("idle", "endless")] == [0, 0]


def test_service_that_ends_at_once(built: Built, start: Start, bench: Bench) -> None:
    """The batch has no answer, and the journal nothing of it."""
    seen, others = played("hasty", built, start, bench)
    assert seen.answer.error == "closed"
    assert seen.key not in seen.journal
    assert seen.end.code == 3
    assert others.end("idle").code == 3


def test_service_that_ignores_the_signal(built: Built, start: Start, bench: Bench) -> None:
    """It serves new requests until it is killed, and is, with those that linger."""
    seen, others = played("deaf", built, start, bench)
    assert seen.answer.ok
    assert seen.refused > seen.answer.seconds
    assert seen.served
    assert seen.served.ok
    assert not seen.refused_by_its_end
    assert {seen.end.code, others.end("idle").code, others.end("endless").code} == {137}
