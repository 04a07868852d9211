"""Compose brings services up: who waits, who doesn't, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.exercise import catalog
from grader.judging import dependents
from grader.judging.dependents import SCORER
from grader.judging.scenes import startup
from grader.judging.scenes.startup import Startup
from grader.probe.bench import Bench
from grader.tests.judging.conftest import made, opened
from grader.verdict.outcome import LearnerFault

pytestmark = pytest.mark.slow

EXERCISE = catalog.find("compose_health")
WAITS = EXERCISE.solved["compose.yaml"]
DOES_NOT = EXERCISE.starter["compose.yaml"]
CIRCLE = """services:
  scorer: {build: ., depends_on: [gateway]}
  gateway: {build: ., depends_on: [scorer]}
"""


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Projects are called by their session, so each test has its own."""
    with opened() as bench:
        yield bench


def played(text: str, bench: Bench, *scenes: str) -> list[Startup]:
    """The services brought up as a grading does it, and these scenes followed."""
    image = made(bench, EXERCISE.given["Dockerfile"].decode(), EXERCISE.given)
    needs = dependents.needs(text, {})
    services = dependents.services(text, needs, {})
    own = dependents.health_check(services[SCORER], image)
    begun = startup.begin(bench, image, services, needs, own)
    wanted = {"loads": "healthy", "broken": "unhealthy"}
    try:
        return [
            startup.follow(
                bench, image, begun[scene], needs, wanted[scene], has_check=own is not None
            )
            for scene in scenes
        ]
    finally:
        for each in begun.values():
            each.close()


def test_gateway_that_waits(bench: Bench) -> None:
    """It is started once the scorer is healthy, and never where the scorer is broken."""
    loads, broken = played(WAITS, bench, "loads", "broken")
    assert loads.healthy
    assert loads.starts["gateway"] > loads.healthy
    assert loads.too_early == []
    assert loads.order == ["web start", "web health_status: healthy", "gateway start"]
    assert broken.unhealthy
    assert broken.health == "unhealthy"
    assert not broken.starts


def test_gateway_that_does_not_wait(bench: Bench) -> None:
    """It is too early: there is no health check that it could have waited for."""
    (seen,) = played(DOES_NOT, bench, "loads")
    assert seen.healthy is None
    assert seen.too_early == ["gateway"]


def test_services_that_wait_for_each_other(bench: Bench) -> None:
    """Compose refuses them, and its reason is told."""
    with pytest.raises(LearnerFault, match=r"doesn't bring the services up: .*cycle"):
        played(CIRCLE, bench, "loads")
