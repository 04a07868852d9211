"""Exercise healthcheck_instruction: a health status that follows the service's real state."""

from __future__ import annotations

import pytest

from grader.bench import Bench
from grader.container import Container
from grader.fixtures import Start
from grader.image import HealthCheck, Image
from grader.outcome import LearnerFault
from grader.report import Evidence

pytestmark = pytest.mark.exercise("healthcheck_instruction")

NS = 1_000_000_000
QUICK = {"Interval": 0.15, "Timeout": 2.0, "StartPeriod": 0.001, "StartInterval": 0.1}
"""Seconds that take the place of the learner's, so that a status takes a moment instead of
minutes. What the learner chose is judged by tolerates_slow_start and timings_are_sensible."""
STATUS_SECONDS = 10.0
STARTUP_SECONDS = 30.0
FACTOR = 15.0
"""The slow start is played with all times divided by this."""
PROBE_SECONDS = 1.0
"""No timeout below this in the play: a probe is a program, and starts no faster there."""
DEFAULTS = HealthCheck((), 30.0, 30.0, 0.0, 3)
LONGEST_DETECTION = 180.0


def _settings(seconds: dict[str, float], retries: int) -> dict[str, object]:
    nanoseconds = {key: int(value * NS) for key, value in seconds.items()}
    return {"Healthcheck": {**nanoseconds, "Retries": retries}}


@pytest.fixture(scope="module")
def health(image: Image) -> HealthCheck:
    """The health check as declared, Docker's defaults filled in. Raises LearnerFault."""
    declared = image.health
    if declared is None:
        raise LearnerFault(
            "The image has no health check, so Docker can't know how the service is.",
            Evidence(
                "docker inspect -f '{{json .Config.Healthcheck}}' web", "null", "a health check"
            ),
        )
    return HealthCheck(
        declared.test,
        declared.interval or DEFAULTS.interval,
        declared.timeout or DEFAULTS.timeout,
        declared.start_period,
        declared.retries or DEFAULTS.retries,
    )


@pytest.fixture(scope="module")
def service(image: Image, health: HealthCheck, start: Start) -> Container:
    """The service with the learner's probe and quick times."""
    return start(image, config=_settings(QUICK, 1))


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
    became = service.wait_health("healthy", STATUS_SECONDS, or_else="unhealthy")
    assert became is not None, f"The service works, and its status is {_status(service)}."


def _status(container: Container) -> str:
    log = container.show_health()
    last = f"; the probe ended with exit code {log[-1].exit_code}" if log else "; no probe has run"
    said = f" and printed {log[-1].output.strip()[:200]!r}" if log and log[-1].output else ""
    return f"{container.state.health or 'not known'}{last}{said}"


@pytest.mark.points(2)
@pytest.mark.needs("becomes_healthy")
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
    became = service.wait_health("unhealthy", STATUS_SECONDS, probes=4)
    assert became is not None, f"/health answers 503, and the status is {_status(service)}."


@pytest.mark.points(1)
@pytest.mark.needs("becomes_unhealthy_when_broken")
@pytest.mark.expects("healthy again after the repair")
@pytest.mark.hint("A probe looks at the present, and leaves nothing behind.")
def test_recovers(service: Container) -> None:
    """After a repair the service becomes healthy again.

    Many failures mend themselves (a database that was away); the status must follow.
    """
    service.post("/repair", {})
    became = service.wait_health("healthy", STATUS_SECONDS, probes=4)
    assert became is not None, f"/health answers 200 again, and the status is {_status(service)}."


@pytest.mark.points(2)
@pytest.mark.needs("becomes_healthy")
@pytest.mark.expects("unhealthy, after the service stopped answering")
@pytest.mark.hint(
    "A hung service accepts the connection. What does your probe do then?",
    "Running out of time is a failure: let the probe end with an exit code other than 0.",
)
def test_fails_when_hung(service: Container) -> None:
    """A service that accepts connections and never answers becomes unhealthy.

    Deadlocks look like this. Without a timeout the probe hangs as well.
    """
    service.post("/repair", {})
    service.wait_health("healthy", STATUS_SECONDS, probes=4)
    service.post("/hang", {})
    became = service.wait_health("unhealthy", STATUS_SECONDS, probes=4)
    assert became is not None, f"/health never answers, and the status is {_status(service)}."


@pytest.mark.points(2)
@pytest.mark.needs("becomes_healthy")
@pytest.mark.expects("starting, then healthy, and never unhealthy in between")
@pytest.mark.hint(
    "How many probes fail while the model is being loaded? Are there retries enough?",
    "--start-period is the time in which failures don't count.",
    "Give it more than the 30 seconds that the model may need: --start-period=40s.",
)
def test_tolerates_slow_start(
    image: Image, health: HealthCheck, start: Start, bench: Bench
) -> None:
    """A start of 30 seconds is no illness.

    Who declares a loading service ill replaces it, and the next one begins to load. (Played with
    all times divided by fifteen.)
    """
    startup = STARTUP_SECONDS / FACTOR
    seconds = {
        "Interval": min(health.interval / FACTOR, startup * 1.25),
        "Timeout": max(health.timeout / FACTOR, PROBE_SECONDS),
        "StartPeriod": max(health.start_period / FACTOR, 0.001),
        "StartInterval": 5.0 / FACTOR,
    }
    slow = start(
        image,
        config={
            **_settings(seconds, health.retries),
            "Env": [f"STARTUP_SECONDS={startup:.2f}"],
        },
        ready=False,
    )
    became = slow.wait_health("healthy", STATUS_SECONDS, or_else="unhealthy")
    bench.record(
        Evidence(
            "docker inspect -f '{{json .Config.Healthcheck}}' web",
            f"interval {health.interval:g} s, timeout {health.timeout:g} s, start period "
            f"{health.start_period:g} s, retries {health.retries}",
        )
    )
    assert became is not None, (
        f"With a start period of {health.start_period:g} s and {health.retries} retries every "
        f"{health.interval:g} s the service was called unhealthy before its "
        f"{STARTUP_SECONDS:.0f} s of loading were over."
    )


@pytest.mark.points(1)
@pytest.mark.expects("a probe every few seconds up to a minute, noticed within three minutes")
@pytest.mark.hint(
    "How long after a failure does Docker say unhealthy? Interval times retries, and a timeout.",
    "An interval of 10 to 30 seconds with three retries suits most services.",
)
def test_timings_are_sensible(health: HealthCheck, bench: Bench) -> None:
    """The times fit a service: a failure is noticed within three minutes, without hammering.

    Too slow, and users notice first; too quick, and the probes are a load of their own.
    """
    bench.record(
        Evidence(
            "docker inspect -f '{{json .Config.Healthcheck}}' web",
            f"interval {health.interval:g} s, timeout {health.timeout:g} s, retries "
            f"{health.retries}",
        )
    )
    detection = health.interval * health.retries + health.timeout
    assert health.interval >= 2, (
        f"A probe every {health.interval:g} s is a load of its own; 10 to 30 s are usual."
    )
    assert detection <= LONGEST_DETECTION, (
        f"A failure would be noticed after {detection:.0f} s: {health.retries} probes "
        f"{health.interval:g} s apart and a timeout of {health.timeout:g} s. "
        f"At most {LONGEST_DETECTION:.0f} s are sensible."
    )
    assert health.start_period <= 600, (
        f"A start period of {health.start_period:.0f} s hides a service that never comes up."
    )
