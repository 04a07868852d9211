"""Exercise grace_period: time enough to finish what was begun, and an end to waiting."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from grader.compose import Service
from grader.engine.image import Image
from grader.judging import shutdown
from grader.judging.health import LISTENS
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.facts import Exit, Process, Response
from grader.verdict.outcome import LearnerFault, MachineTooBusy
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("grace_period")

DOCKERS_OWN = 10
"""Seconds that docker stop waits where nothing else is said."""
LONGEST = 30
WATCHED = 5
"""Up to this many seconds of grace the end of a hung service is waited for."""
SPARE_SECONDS = 4.0
BATCH = {"rows": [[1.0, 2.0, 3.0]]}
BATCH_SECONDS = 2.0
ATTEMPTS = 4
READY_SECONDS = 15.0
STOP = (
    "curl -s -X POST -d '{\"rows\": [[1.0, 2.0, 3.0]]}' http://localhost:8000/batch & "
    "sleep 0.5; docker stop web; wait; docker inspect -f '{{.State.ExitCode}}' web"
)


@dataclass(frozen=True)
class Hung:
    """A service that ignores SIGTERM and was told to stop; ``None`` where nobody waits for it."""

    container: Container | None
    stopping: Callable[[], None] | None


@dataclass(frozen=True)
class Stopped:
    """What became of a batch in flight and of its container. ``first`` is process 1 before the
    ``signal`` came."""

    answer: Response
    end: Exit | None
    first: Process
    signal: str

    @property
    def why(self) -> str:
        """Why the grace period had no part in it; empty where it had."""
        if shutdown.is_kill(self.signal):
            return f"stop_signal is {self.signal}, and that is SIGKILL, which nobody can handle"
        if shutdown.is_deaf(self.first, self.signal):
            return (
                f"process 1 is {self.first.command_line!r} and has no handler for {self.signal}, "
                "so the service never heard it"
            )
        return ""


@pytest.fixture(scope="module")
def grace(service: Service) -> int:
    """The grace period in seconds, as the engine is told it."""
    return int(service.config.get("StopTimeout", DOCKERS_OWN))


@pytest.fixture(scope="module")
def hung(service: Service, image: Image, start: Start, grace: int) -> Hung:
    """Told to stop before the first check, so that its grace period runs beside that."""
    if not 0 < grace <= WATCHED:
        return Hung(None, None)
    config = {**service.config, "Env": [*service.config.get("Env", ()), "HANG=1"]}
    container = start(
        image, config={**config, "Healthcheck": LISTENS}, host=service.sandboxed, beside=True
    )
    if container.wait_health("healthy", READY_SECONDS, receipt=False) is None:
        raise LearnerFault("The service, started with HANG=1, doesn't listen on port 8000.")
    return Hung(container, container.stop())


@pytest.fixture(scope="module")
def drained(service: Service, image: Image, start: Start, hung: Hung, grace: int) -> Stopped:
    """What became of a batch in flight when docker stop came.

    A period shorter than the batch can't do. Where the batch gets its answer all the same, SIGTERM
    or SIGKILL came late, so that is played again. Raises MachineTooBusy when it never was in time.
    """
    del hung
    body = json.dumps(BATCH).encode()
    for _ in range(ATTEMPTS):
        container = start(image, config=service.config, host=service.sandboxed)
        first = container.processes()[0]
        answer = container.send("/batch", method="POST", body=body, timeout=LONGEST, receipt=False)
        container.await_accepted()
        container.stop()
        end = container.wait_exit(BATCH_SECONDS + SPARE_SECONDS)
        answered = answer()
        if grace >= BATCH_SECONDS or not answered.ok:
            return Stopped(answered, end, first, service.config.get("StopSignal", "SIGTERM"))
    raise MachineTooBusy(f"signals came late {ATTEMPTS} times")


@pytest.mark.points(2)
@pytest.mark.expects('{"scores": [4.75]}, and exit code 0')
@pytest.mark.hint(
    "How long does the longest batch take, and how long does docker stop wait?",
    "stop_grace_period takes a time such as 6s.",
)
def test_long_drain_completes(drained: Stopped, grace: int, bench: Bench) -> None:
    """A batch in flight gets its answer when the service is stopped.

    After the grace period comes SIGKILL, whatever is half done: an answer nobody gets, a file
    half written.
    """
    answer, end = drained.answer, drained.end
    too_short = f"the service had {grace} s, and a batch takes up to {BATCH_SECONDS:.0f}"
    code = end.code if end else "(still running)"
    bench.record(Evidence(STOP, f"{answer}\n{code}", told=True))
    assert answer.ok, (
        f"The batch in flight came to {answer}, and the container ended with exit code {code}: "
        f"{drained.why or too_short}."
    )
    assert end is not None, "The batch got its answer, but the service didn't end after it."
    assert end.code == 0, (
        f"The batch got its answer, but the service ended with exit code {code}"
        + (f": {drained.why}." if drained.why else ".")
    )


@pytest.mark.points(1)
@pytest.mark.expects("a grace period of at most 30 s; after it exit code 137")
@pytest.mark.hint("The period is also how long everybody waits for a service that hangs.")
def test_hung_service_is_killed_in_time(hung: Hung, grace: int, bench: Bench) -> None:
    """A service that hangs is killed, within 30 seconds at most.

    An update, a reboot or a node that is being emptied waits for the slowest of its containers.
    """
    bench.record(Evidence("docker inspect -f '{{.Config.StopTimeout}}' web", str(grace)))
    assert grace >= 0, "The grace period is endless: a service that hangs is never killed."
    assert grace <= LONGEST, (
        f"The grace period is {grace} s; a service that hangs has to be gone within {LONGEST}."
    )
    if hung.container is None:
        return
    end = hung.container.wait_exit(grace + SPARE_SECONDS)
    assert end is not None, (
        f"A service that hangs was still there {grace + SPARE_SECONDS:.0f} s after docker stop."
    )
    assert end.code == 137, (
        f"A service that hangs should be ended by SIGKILL (137); it ended with {end.code}."
    )
