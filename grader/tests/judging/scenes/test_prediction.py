"""A prediction's line: in the log at once, or held back."""

from __future__ import annotations

import pytest

from grader.judging.scenes import prediction
from grader.probe.start import Start
from grader.tests.judging.conftest import Built

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("traits", "is_logged"), [("", True), ("buffered", False)])
def test_line_is_waited_for(built: Built, start: Start, traits: str, is_logged: bool) -> None:
    seen = prediction.play(start(built(traits)))
    assert seen.answer.json() == {"score": prediction.SCORE}
    assert seen.is_logged is is_logged
