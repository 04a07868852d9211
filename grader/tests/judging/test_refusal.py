"""What a service does without its key and without its model, judged."""

from __future__ import annotations

import pytest

from grader.judging import key, refusal
from grader.judging.scenes.missing import Keyless, Modelless
from grader.judging.scenes.production import Work
from grader.probe.bench import Bench
from grader.verdict.facts import Exit, Response
from grader.verdict.report import Evidence

OK = Response(200, {}, b'{"score": 4.75}', 0.1)
UNAUTHORIZED = Response(401, {}, b"", 0.1)
UNAVAILABLE = Response(503, {}, b"", 0.1)


def test_service_that_refuses_and_comes_back() -> None:
    keyless = Keyless(Exit(1, None), came_back=True)
    refusal.assert_needs_key(keyless)
    refusal.assert_comes_back(keyless)


@pytest.mark.parametrize(
    ("end", "message"),
    [(None, "went on running"), (Exit(0, None), "exit code 0, as if all were well")],
)
def test_service_that_does_not_need_its_key(end: Exit | None, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        refusal.assert_needs_key(Keyless(end, came_back=False))


def test_service_that_stays_away() -> None:
    with pytest.raises(AssertionError, match="exit code 1 and was not started again"):
        refusal.assert_comes_back(Keyless(Exit(1, None), came_back=False))


@pytest.mark.parametrize("answer", [None, UNAVAILABLE])
def test_service_that_needs_its_model(answer: Response | None) -> None:
    refusal.assert_needs_model(Modelless(answer, False, ()))


@pytest.mark.parametrize(
    ("answer", "was_healthy", "message"),
    [(OK, True, "it should be 503"), (UNAVAILABLE, True, "healthy all the same")],
)
def test_service_that_hides_its_loss(answer: Response, was_healthy: bool, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        refusal.assert_needs_model(Modelless(answer, was_healthy, ()))


def worked(right: Response, without: Response, wrong: Response) -> Work:
    return Work("key-1", "7e57", right, without, {"a wrong key": wrong}, {}, 0.0)


def test_key_that_is_asked_for(bench: Bench, evidence: list[Evidence]) -> None:
    """Both ways to ask are left as evidence."""
    key.assert_asked_for(worked(OK, UNAUTHORIZED, UNAUTHORIZED), bench)
    assert len(evidence) == 2


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (worked(UNAUTHORIZED, UNAUTHORIZED, UNAUTHORIZED), "with the key from"),
        (worked(Response(200, {}, b"[]", 0.1), UNAUTHORIZED, UNAUTHORIZED), "should be 4.75"),
        (worked(OK, OK, UNAUTHORIZED), "Without a key"),
        (worked(OK, UNAUTHORIZED, OK), "With a wrong key"),
    ],
)
def test_key_that_is_not_asked_for(work: Work, message: str, bench: Bench) -> None:
    with pytest.raises(AssertionError, match=message):
        key.assert_asked_for(work, bench)


def test_key_in_the_log() -> None:
    key.assert_not_printed("key-1", ["a line"])
    with pytest.raises(AssertionError, match="printed its key"):
        key.assert_not_printed("key-1", ["a line", "Bearer key-1 is right"])
