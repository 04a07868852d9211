"""Exercise compose_health: a service is started when the one that it needs is healthy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from grader.compose import Service
from grader.compose.project import Project
from grader.engine.image import HealthCheck, Image
from grader.judging import dependents, health
from grader.judging.dependents import SCORER, Needs
from grader.judging.scenes import startup
from grader.judging.scenes.startup import Startup
from grader.probe.bench import Bench
from grader.probe.container import receipt
from grader.probe.start import Start
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("compose_health")

LONGEST_LOAD = 5.0
"""What the exercise says that loading may take; judged by the learner's own numbers."""
AFTER = (
    "docker events --since $(docker inspect -f '{{.Created}}' web) --until $(date +%s.%N) "
    "--filter container=web "
    "--filter container=gateway --filter event=start --filter event=health_status "
    "--format '{{.Actor.Attributes.name}} {{.Action}}'"
)
BROKEN = (
    'printf \'services: {scorer: {environment: {BROKEN: "1"}, healthcheck: {interval: 1s, '
    "start_period: 1s, retries: 1}}}' > broken.yaml; docker rm -f web gateway > /dev/null; "
    "docker compose -p web -f compose.yaml -f broken.yaml up -d; "
    "docker ps -a --filter name=gateway --format '{{.Names}} {{.Status}}'"
)


@pytest.fixture(scope="module")
def needs(answers: Mapping[str, str], files: Mapping[str, bytes]) -> Needs:
    return dependents.needs(answers["compose.yaml"], files)


@pytest.fixture(scope="module")
def services(
    answers: Mapping[str, str], files: Mapping[str, bytes], needs: Needs
) -> dict[str, Service]:
    return dependents.services(answers["compose.yaml"], needs, files)


@pytest.fixture(scope="module")
def own(services: Mapping[str, Service], image: Image) -> HealthCheck | None:
    return dependents.health_check(services[SCORER], image)


@pytest.fixture(scope="module")
def projects(
    services: Mapping[str, Service],
    needs: Needs,
    own: HealthCheck | None,
    image: Image,
    bench: Bench,
) -> Iterator[dict[str, Project]]:
    begun = startup.begin(bench, image, services, needs, own)
    yield begun
    for each in begun.values():
        each.close()


@pytest.fixture(scope="module")
def loads(
    projects: Mapping[str, Project],
    needs: Needs,
    own: HealthCheck | None,
    image: Image,
    bench: Bench,
) -> Startup:
    """With a scorer that loads."""
    up, has_check = projects["loads"], own is not None
    return startup.follow(bench, image, up, needs, "healthy", has_check=has_check)


@pytest.fixture(scope="module")
def broken(
    loads: Startup,
    projects: Mapping[str, Project],
    needs: Needs,
    own: HealthCheck | None,
    image: Image,
    bench: Bench,
) -> Startup:
    """With a scorer that never becomes healthy; looked at when the other one is known."""
    del loads
    up, has_check = projects["broken"], own is not None
    return startup.follow(bench, image, up, needs, "unhealthy", has_check=has_check)


@pytest.mark.points(2)
@pytest.mark.expects("healthy, with patience for five seconds of loading")
@pytest.mark.hint(
    "docker inspect shows what the probe printed. Does the program that it calls exist?",
    "The slim image has no curl. Which program that can make a request is there for sure?",
    "healthcheck, test: [CMD, python, -c, …] with urllib.request.urlopen, which raises on a 503.",
)
def test_service_becomes_healthy(
    loads: Startup,
    own: HealthCheck | None,
    services: Mapping[str, Service],
    image: Image,
    start: Start,
    bench: Bench,
) -> None:
    """The scorer becomes healthy once it has loaded its model.

    Whoever waits for a service that is never called healthy waits for ever.
    """
    bench.record(receipt.health_status(loads.health))
    assert own is not None, "The service scorer has no health check, so it never becomes healthy."
    log = loads.scorer.show_health() if loads.healthy is None else ()
    said = "; no probe has run" if not log else f"; the probe ended with {log[-1].exit_code}"
    if log and (lines := log[-1].output.strip().splitlines()):
        said += f", {lines[-1].strip()[:200]!r}"
    assert loads.healthy is not None, (
        f"The service works, and its status is {loads.health or 'not known'}{said}."
    )
    patience = dependents.patience(own)
    assert patience > LONGEST_LOAD, (
        f"Docker's patience ends after {patience:g} s here (start period "
        f"{own.start_period:g} s, {own.retries} retries, interval {own.interval:g} s), and loading "
        f"may take {LONGEST_LOAD:g} s: a slow start would be called unhealthy."
    )
    after = loads.scorer.became_healthy()
    if after is not None and after < startup.LOAD_SECONDS:
        health.assert_loads(start, image, "LOAD_SECONDS", services[SCORER].config)


@pytest.mark.points(2)
@pytest.mark.expects("the gateway's start after the scorer's health_status: healthy")
@pytest.mark.hint(
    "The short form of depends_on waits until the other container is started, not until it works.",
    "depends_on has a long form with a condition.",
    "depends_on: {scorer: {condition: service_healthy}}",
)
def test_dependent_waits(loads: Startup, broken: Startup, bench: Bench) -> None:
    """The dependent service is started, and only after the scorer became healthy.

    A program that finds nobody at its start gives up, or fills the logs with failed attempts.
    """
    bench.record(Evidence(AFTER, "\n".join(loads.order)))
    early = loads.too_early or broken.too_early
    assert not early, (
        f"{' and '.join(early)} was started while the scorer wasn't healthy"
        f"{' at all' if not loads.too_early else ' yet'}."
    )
    if loads.healthy is None:
        pytest.skip(
            "Needs “The scorer becomes healthy once it has loaded its model”, which has not passed."
        )
    assert loads.starts, (
        f"The scorer became healthy, and nothing that depends on it was started. Compose said: "
        f"{loads.said or 'nothing'}"
    )


@pytest.mark.points(2)
@pytest.mark.expects("the gateway created, never started")
@pytest.mark.hint(
    "What does your probe say when /health answers 503?",
    "Is the dependency required? A condition holds nobody up that may go without.",
)
def test_unhealthy_dependency_blocks(broken: Startup, bench: Bench) -> None:
    """When the scorer never becomes healthy, its dependent isn't started.

    A deployment that stops is seen at once; one that goes on with a broken part serves errors.
    """
    bench.record(Evidence(BROKEN, "\n".join(broken.starts) or "gateway Created"))
    assert not broken.starts, (
        f"The scorer answers 503 for good, is called {broken.health or 'nothing'}, and "
        f"{' and '.join(broken.starts)} was started all the same."
    )
