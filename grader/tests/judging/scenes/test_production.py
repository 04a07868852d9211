"""A service in production, and the same one without its key and without its model."""

from __future__ import annotations

import pytest

from grader import compose
from grader.judging.scenes import missing, production
from grader.judging.scenes.production import Production
from grader.probe.bench import Bench
from grader.probe.start import Start
from grader.tests.judging.conftest import Built
from grader.verdict.outcome import LearnerFault

pytestmark = pytest.mark.slow

COMPOSE = """services:
  scorer:
    build: .
    restart: unless-stopped
    secrets: [api_key]
    healthcheck:
      test: [CMD, python, -c, "import urllib.request as u; u.urlopen('http://localhost:8000/health')"]
secrets: {api_key: {file: ./api_key.txt}}
"""
FILES = {"api_key.txt": b"of the folder"}


def prepared(traits: str, built: Built, start: Start, text: str = COMPOSE) -> Production:
    return production.prepare(compose.read(text, files=FILES).service(), built(traits), start)


def test_requests_with_and_without_the_key(built: Built, start: Start) -> None:
    """The id of the first is in the log; on a stop the request in flight is answered."""
    service = prepared("keyed", built, start)
    running = service.run()
    work = production.work(running, service.key)
    assert work.right.json() == {"score": 4.75}
    assert work.without.status == 401
    assert {answer.status for answer in work.wrong.values()} == {401}
    assert len(work.garbled) == len(production.GARBLED)
    end = production.end(running, service)
    assert f"{work.request} predicted" in end.printed
    assert end.shutdown.answer.ok
    assert end.shutdown.end
    assert end.shutdown.end.code == 0
    assert work.begun < end.at


def test_service_that_is_given_no_key_is_not_started(built: Built, start: Start) -> None:
    with pytest.raises(LearnerFault, match="a secret called api_key"):
        prepared("keyed", built, start, COMPOSE.replace("    secrets: [api_key]\n", ""))


def test_service_that_needs_its_key_ends_without_it_and_comes_back(
    built: Built, start: Start, bench: Bench
) -> None:
    seen = missing.keyless(prepared("keyed", built, start), bench)()
    assert seen.end
    assert seen.end.code == 1
    assert seen.came_back


def test_service_without_a_policy_does_not_come_back(
    built: Built, start: Start, bench: Bench
) -> None:
    text = COMPOSE.replace("    restart: unless-stopped\n", "")
    seen = missing.keyless(prepared("keyed", built, start, text), bench)()
    assert seen.end
    assert not seen.came_back


def test_service_that_needs_no_key_goes_on(built: Built, start: Start, bench: Bench) -> None:
    seen = missing.keyless(prepared("", built, start), bench)()
    assert (seen.end, seen.came_back) == (None, False)


def test_service_without_its_model_is_not_well(built: Built, start: Start) -> None:
    seen = missing.modelless(prepared("", built, start))
    assert seen.answer
    assert seen.answer.status == 503
    assert not seen.was_healthy


def test_service_that_calls_itself_well_without_a_model_is_healthy(
    built: Built, start: Start
) -> None:
    seen = missing.modelless(prepared("broken", built, start))
    assert seen.answer
    assert seen.answer.ok
    assert seen.was_healthy
