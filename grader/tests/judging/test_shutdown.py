"""How a service ended that was asked to stop, judged by its exit code."""

from __future__ import annotations

import pytest

from grader.judging import shutdown
from grader.judging.shutdown import Shutdown
from grader.tests.judging.process import process
from grader.verdict.facts import Exit, Response

FIRST = process(7, 7)
OK = Response(200, {}, b"", 1.5)


def ended(end: Exit | None) -> Shutdown:
    return Shutdown((FIRST,), FIRST, (), OK, end, "SIGTERM", is_deaf=False, waited=5.0)


@pytest.mark.parametrize("code", [0, 143])
def test_end_that_was_asked_for(code: int) -> None:
    shutdown.assert_clean(ended(Exit(code, 1.5)))


@pytest.mark.parametrize("end", [Exit(1, 1.5), Exit(137, 10.0), None])
def test_end_that_looks_like_a_crash(end: Exit | None) -> None:
    with pytest.raises(AssertionError, match=r"ended with exit code (1|137|None)"):
        shutdown.assert_clean(ended(end))
