"""A model that takes time to load: what /health came to at each moment."""

from __future__ import annotations

import pytest

from grader.judging.scenes import loading
from grader.probe.start import Start
from grader.tests.judging.conftest import Built
from grader.verdict.outcome import LearnerFault

pytestmark = pytest.mark.slow


def test_service_that_answers_while_it_loads(built: Built, start: Start) -> None:
    """Not ready at first, ready when the model has arrived, and not when it is lost again."""
    seen = loading.begin(built("loads"), start)
    assert seen.early
    assert seen.early.status == 503
    assert seen.late is None
    assert loading.finish(seen).status == 200
    assert loading.lose(seen).status == 503


def test_service_that_loads_before_it_serves(built: Built, start: Start) -> None:
    """Its first answer comes late, and is the one that is looked at."""
    seen = loading.begin(built("loads waits"), start)
    assert seen.early is None
    assert seen.late
    assert loading.finish(seen) is seen.late


def test_service_that_never_loads(built: Built, start: Start) -> None:
    """There is no file that would say that it has."""
    seen = loading.begin(built(), start)
    with pytest.raises(LearnerFault, match="never loaded"):
        loading.finish(seen)


def test_gpu_that_is_needed_and_missing(built: Built, start: Start) -> None:
    """It predicts, and isn't well; one that predicts nothing has no answer that would count."""
    answer = loading.without_gpu(built("loads"), start)
    assert answer
    assert answer.status == 503
    assert loading.without_gpu(built("empty"), start) is None
