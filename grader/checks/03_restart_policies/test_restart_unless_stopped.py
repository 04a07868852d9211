"""Exercise restart_unless_stopped: back after a crash, down after a stop."""

from __future__ import annotations

import pytest

from grader.compose import Service
from grader.engine.image import Image
from grader.judging import restart
from grader.judging.restart import STATE
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("restart_unless_stopped")

STOP_SECONDS = 14.0
"""docker stop's own ten seconds, and some for the engine."""


@pytest.fixture(scope="module")
def running(service: Service, image: Image, start: Start) -> Container:
    return start(image, config=service.config, host=service.sandboxed)


@pytest.mark.points(2)
@pytest.mark.expects("running again, and HTTP 200 from /health")
@pytest.mark.hint(
    "Who starts the service again when its process has ended?",
    "restart takes a policy: no, always, on-failure or unless-stopped.",
)
def test_restarts_after_kill(running: Container, bench: Bench) -> None:
    """When its process dies, the service is started again and answers.

    Every service crashes one day. The question is whether it takes a person to bring it back.
    """
    restart.back_after_crash(running, "/crash", bench)


@pytest.mark.points(1)
@pytest.mark.expects("exited, and it stays so")
@pytest.mark.hint(
    "docker compose stop: is the container down afterwards, and how long does it take?",
    "A policy brings back what ended by itself; what was stopped stays down with any of them.",
)
def test_stays_down_after_stop(
    running: Container, service: Service, image: Image, start: Start, bench: Bench
) -> None:
    """After docker stop the service is down and stays down.

    A service that can't be stopped can't be repaired.
    """
    container = running
    if not container.state.running:
        container = start(image, config=service.config, host=service.sandboxed)
    before = container.state.restarts
    container.stop()
    ended = container.wait_event("stop", STOP_SECONDS)
    state = container.state
    shown = "running" if state.running else "exited"
    bench.record(Evidence(f"docker stop web; {STATE}", shown))
    assert ended, (
        f"{STOP_SECONDS:.0f} s after docker stop the container still runs: who stops it waits."
    )
    assert not state.running, "The container runs again after it was stopped."
    assert state.restarts == before, "The engine started the container again after the stop."


@pytest.mark.points(2)
@pytest.mark.expects("unless-stopped")
@pytest.mark.hint(
    "Two policies bring a service back after every crash and every reboot. How do they differ?",
    "After a reboot always starts what somebody had stopped; unless-stopped leaves it.",
    "restart: unless-stopped",
)
def test_policy_is_unless_stopped(service: Service, bench: Bench) -> None:
    """The engine keeps the policy unless-stopped for the service.

    on-failure leaves a service down that ended by itself, and gives up at its maximum; always
    starts, after a reboot, what somebody had stopped on purpose.
    """
    restart.assert_unless_stopped(service, bench)
