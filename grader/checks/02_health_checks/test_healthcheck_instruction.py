"""Exercise healthcheck_instruction: a health status that follows the service's real state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.engine.image import HealthCheck, Image
from grader.judging import health as healths
from grader.judging.health import STATUS_SECONDS
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("healthcheck_instruction")

SHORTEST_TIMEOUT = 2.0
"""Seconds that a probe may take here, whatever its timeout: starting Python takes a while."""
LONGEST_TIMEOUT = 6.0
"""Nobody waits longer for a hung service. Longer than the timeouts that probes have of their own,
so that it shows what the probe makes of its own."""
LOADING_SECONDS = 20.0
"""How long the exercise says that loading may take: between what usual settings add up to."""
LONGEST_DETECTION = 180.0
END_SECONDS = 0.6
"""How soon a service has ended that its probe told to."""


@pytest.fixture(scope="module")
def health(image: Image) -> HealthCheck:
    """The health check, with Docker's defaults filled in. Raises LearnerFault."""
    own = image.health
    if own is None:
        command = "docker image inspect -f '{{json .Config.Healthcheck}}' web"
        raise LearnerFault(
            "The image has no health check, so Docker can't know how the service is.",
            Evidence(command, "no test", "a health check"),
        )
    return replace(
        own,
        interval=own.interval or healths.DEFAULTS.interval,
        timeout=own.timeout or healths.DEFAULTS.timeout,
        retries=own.retries or healths.DEFAULTS.retries,
    )


@pytest.fixture(scope="module")
def quick(health: HealthCheck) -> dict[str, object]:
    """Times with which a status takes a moment and one failed probe is enough. What the learner
    chose is judged by tolerates_slow_start and timings_are_sensible."""
    return healths.quick(_timeout(health))


def _timeout(health: HealthCheck) -> float:
    return min(max(health.timeout, SHORTEST_TIMEOUT), LONGEST_TIMEOUT)


@pytest.fixture(scope="module")
def service(image: Image, quick: dict[str, object], start: Start) -> Container:
    """The service with the learner's probe and quick times."""
    return start(image, config=quick)


def _gives_up(health: HealthCheck) -> float:
    """Seconds after a start when Docker may first call a service unhealthy that still loads."""
    return (health.start_period or health.interval) + (health.retries - 1) * health.interval


@pytest.fixture(scope="module")
def factor(bench: Bench) -> float:
    return healths.scale(bench)


@pytest.fixture(scope="module")
def loading_seconds(health: HealthCheck, factor: float) -> float:
    """How long the service loads, on a smaller scale.

    Near the moment in which the learner's times run out a busy machine would decide. So a service
    that has time enough is ready well before that moment, and another isn't ready at all.
    """
    patience = _gives_up(health)
    enough = patience > LOADING_SECONDS
    return min(LOADING_SECONDS, 0.6 * patience) / factor if enough else 10 * LOADING_SECONDS


@pytest.fixture(scope="module")
def loading(
    image: Image, health: HealthCheck, loading_seconds: float, factor: float, start: Start
) -> Container:
    """The service while it loads its model, with the learner's own times on the same scale."""
    times = healths.settings(
        health.retries,
        Interval=min(health.interval, 2 * LOADING_SECONDS) / factor,
        Timeout=LONGEST_TIMEOUT,
        StartPeriod=max(health.start_period / factor, 0.001),
        StartInterval=5.0 / factor,
    )
    return start(
        image, config={**times, "Env": [f"STARTUP_SECONDS={loading_seconds:.2f}"]}, beside=True
    )


@pytest.mark.points(1)
@pytest.mark.hint("Read the message of the build: it names the line that failed.")
def test_builds(image: Image) -> None:
    """The image builds."""
    assert image.id, "There is no image."


@pytest.mark.points(2)
@pytest.mark.expects("healthy, and probes that end with exit code 0")
@pytest.mark.hint(
    "docker inspect shows what the probe printed. Does the program that it calls exist?",
    "The slim image has no curl. Which program that can make a request is there for sure?",
    "Python's urllib.request.urlopen raises, and so ends with exit code 1, unless all is well.",
)
def test_becomes_healthy(service: Container) -> None:
    """A service that works becomes healthy.

    A check that fails for a reason of its own takes healthy services out of the load balancer.
    """
    healths.assert_becomes(service, "healthy", "The service works, and its status is")


@pytest.mark.points(2)
@pytest.mark.needs("becomes_healthy")
@pytest.mark.usefixtures("loading")  # it loads while the next checks look at the other one
@pytest.mark.expects("unhealthy, after the service began to answer 503")
@pytest.mark.hint(
    "Ask the service, not the socket: an open port says nothing about the answer.",
    "curl counts any answer as a success unless it is called with -f.",
)
def test_becomes_unhealthy_when_broken(service: Container) -> None:
    """A service that answers 503 becomes unhealthy.

    A process that runs is not a service that works: the model may be gone while the port is open.
    """
    service.post("/break", {})
    healths.assert_becomes(service, "unhealthy", "/health answers 503, and the status is")


@pytest.mark.points(1)
@pytest.mark.needs("becomes_unhealthy_when_broken")
@pytest.mark.expects("healthy again after the repair")
@pytest.mark.hint("A probe looks at the present, and leaves nothing behind.")
def test_recovers(service: Container) -> None:
    """After a repair the service becomes healthy again.

    Many failures mend themselves (a database that was away); the status must follow.
    """
    service.post("/repair", {})
    healths.assert_becomes(service, "healthy", "/health answers 200 again, and the status is")


@pytest.mark.points(2)
@pytest.mark.needs("becomes_healthy")
@pytest.mark.expects("unhealthy, after the service stopped answering")
@pytest.mark.hint(
    "A hung service accepts the connection. What does your probe do then?",
    "Running out of time is a failure: let the probe end with an exit code other than 0.",
)
def test_fails_when_hung(
    image: Image, quick: dict[str, object], service: Container, start: Start
) -> None:
    """A service that accepts connections and never answers becomes unhealthy.

    Deadlocks look like this. Without a timeout the probe hangs as well.
    """
    service.post("/repair", {})
    if service.wait_health("healthy", STATUS_SECONDS, probes=3) is None:
        service = start(image, config=quick)
        service.wait_health("healthy", STATUS_SECONDS, probes=3)
    service.post("/hang", {})
    healths.assert_becomes(
        service, "unhealthy", "/health never answers, and the status is", probes=2
    )


@pytest.mark.points(2)
@pytest.mark.needs("becomes_healthy")
@pytest.mark.expects("healthy, never unhealthy before; times that leave more than 20 s")
@pytest.mark.hint(
    "How many probes fail while the model is being loaded? Are there retries enough?",
    "--start-period is the time in which failures don't count.",
    "Give it more than the 20 seconds that the model may need: --start-period=40s.",
)
def test_tolerates_slow_start(
    image: Image, health: HealthCheck, loading: Container, loading_seconds: float, start: Start
) -> None:
    """A start of 20 seconds is no illness.

    Who declares a loading service ill replaces it, and the next one begins to load. (Played with
    all times divided by ten.)
    """
    loading.wait_health("healthy", STATUS_SECONDS + loading_seconds, or_else="unhealthy")
    changes = loading.health_changes()
    loading.record(healths.times(image))
    assert not loading.wait_event("die", END_SECONDS), (
        "The container ended while it loaded its model, and nothing else than the probe touched it."
    )
    assert changes[:1] == ("healthy",), (
        f"The service was called {changes[0] if changes else 'starting'} while it loaded its "
        f"model, which may take {LOADING_SECONDS:.0f} s. Docker's patience ends after "
        f"{_gives_up(health):g} s here: start period {health.start_period:g} s, "
        f"{health.retries} retries, interval {health.interval:g} s."
    )
    after = loading.became_healthy()
    if after is not None and after < loading_seconds:
        healths.assert_loads(start, image, "STARTUP_SECONDS")


@pytest.mark.points(1)
@pytest.mark.expects("at most 180 s for interval times retries (0: Docker's own 30 s, 30 s, 3)")
@pytest.mark.hint(
    "How long after a failure does Docker say unhealthy? It waits for that many failed probes.",
    "An interval of 10 to 30 seconds with three retries suits most services.",
    "--interval=30s --timeout=5s --retries=3 notices a 503 after about 90 seconds, a hung service "
    "after about 105: each probe then waits for its timeout as well.",
)
def test_timings_are_sensible(image: Image, health: HealthCheck, bench: Bench) -> None:
    """The times fit a service: a failure is noticed within three minutes, without hammering.

    Too slow, and users notice first; too quick, and the probes are a load of their own.
    """
    bench.record(healths.times(image))
    assert health.interval >= 2, (
        f"A probe every {health.interval:g} s is a load of its own; 10 to 30 s are usual."
    )
    detection = health.interval * health.retries
    assert detection <= LONGEST_DETECTION, (
        f"A failure would be noticed after {detection:g} s: {health.retries} probes "
        f"{health.interval:g} s apart. At most {LONGEST_DETECTION:.0f} s are sensible."
    )
    # Only a timeout that somebody chose: Docker's own of 30 s is longer than many good intervals.
    assert image.health is None or image.health.timeout <= health.interval, (
        f"The timeout ({health.timeout:g} s) is longer than the interval ({health.interval:g} s). "
        "The interval begins when a probe is over, so a hung service would be noticed after "
        f"{(health.interval + health.timeout) * health.retries:g} s."
    )
    assert health.start_period <= 600, (
        f"A start period of {health.start_period:.0f} s hides a service that never comes up."
    )
