"""Health requests that cost something are seen, and a wrong prediction isn't timed."""

from __future__ import annotations

import pytest

from grader.judging.scenes import crowding
from grader.probe.start import Start
from grader.tests.judging.conftest import Built
from grader.verdict.outcome import LearnerFault

pytestmark = pytest.mark.slow


def test_health_that_works_takes_longer_than_one_that_looks(built: Built, start: Start) -> None:
    """Twelve of them and a prediction are thirteen times the work; the check draws its line at
    five."""
    looking = crowding.play(start(built()), 5.0)
    working = crowding.play(start(built("works")), 5.0)
    assert looking.ratio <= 5.0 < working.ratio, (looking, working)


def test_wrong_prediction_is_no_measure(built: Built, start: Start) -> None:
    with pytest.raises(LearnerFault, match="it should be"):
        crowding.play(start(built("wrong")), 5.0)
