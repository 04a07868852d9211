"""Clients that linger, and one that can't even begin."""

from __future__ import annotations

import pytest

from grader.judging.scenes.lingering import Lingering
from grader.probe.bench import Bench
from grader.probe.start import Start
from grader.tests.judging.conftest import Built
from grader.verdict.outcome import LearnerFault

pytestmark = pytest.mark.slow


def test_client_that_is_turned_away_is_told_when_its_end_is_asked_for(
    built: Built, start: Start, bench: Bench
) -> None:
    """Waiting for it isn't what fails: what else is looked at meanwhile still counts."""
    image = built("", {"client.py": b"import sys\nsys.exit('nobody is there')\n"})
    others = Lingering(image, start, bench)
    others.wait_connected()
    others.stop()
    with pytest.raises(LearnerFault, match="could not be asked: nobody is there"):
        others.end("idle")
