"""Exercise compose_limits: what a service may take, and what is kept for it."""

from __future__ import annotations

import json

import pytest

from grader.compose import Service
from grader.engine.image import Image
from grader.engine.sandbox import MIB
from grader.judging import limits
from grader.judging.scenes import leak
from grader.judging.scenes.leak import Leak
from grader.probe.bench import Bench
from grader.probe.container import receipt
from grader.probe.start import Start
from grader.verdict.report import Evidence

pytestmark = [pytest.mark.exercise("compose_limits"), pytest.mark.observed]

LEAK_MIB = 640


@pytest.fixture(scope="module")
def story(service: Service, image: Image, start: Start) -> Leak:
    """One life of the service. Without swap, so that a leak ends on every host alike."""
    host = service.sandboxed
    host["MemorySwap"] = host["Memory"]
    leak_mib = LEAK_MIB if service.host.get("Memory") else 0
    return leak.play(image, start, config=service.config, host=host, leak_mib=leak_mib)


@pytest.mark.points(2)
@pytest.mark.expects("at most 512 MiB, held by the kernel")
@pytest.mark.hint(
    "Where does a compose file say how much a service may take?",
    "deploy, resources, limits, memory; or mem_limit on the service itself.",
)
def test_memory_is_limited(service: Service, story: Leak, bench: Bench) -> None:
    """The kernel ends the service when it takes more than its limit, at most 512 MiB.

    On a shared machine a leak without a limit ends whatever the kernel finds first.
    """
    limits.assert_memory(service, story.usage, bench)
    if not story.load.error:
        assert story.end is not None, (
            f"A leak of {LEAK_MIB} MiB came to {story.answer}, and the service lived on."
        )
        assert story.is_oom, (
            f"A leak of {LEAK_MIB} MiB came to {story.answer}, and the kernel didn't end it."
        )


@pytest.mark.points(2)
@pytest.mark.expects("at most one CPU, held by the kernel")
@pytest.mark.hint(
    "A weight (shares) is no limit. A set of CPUs says where, and others may run there, too. What "
    "is asked for is a quota of time.",
    "deploy, resources, limits, cpus; or cpus on the service itself.",
)
def test_cpu_is_limited(service: Service, story: Leak, bench: Bench) -> None:
    """The kernel gives the service at most one CPU's worth of time.

    One busy service then can't make all others on the machine slow.
    """
    limits.assert_cpu(service, story.usage, bench)


@pytest.mark.points(1)
@pytest.mark.expects("a reservation greater than zero and below the limit")
@pytest.mark.hint(
    "A limit is what it may take; which word says what is kept for it?",
    "deploy, resources, reservations, memory; or mem_reservation on the service itself.",
)
def test_reservation_below_limit(service: Service, bench: Bench) -> None:
    """Some memory is reserved for the service, less than its limit.

    The reservation is what it can count on when memory is short; the limit is what it can't
    exceed. Equal, they leave nothing for the peaks of others.
    """
    bench.record(service.asked("MemoryReservation", "Memory"))
    limit, reserved = service.host.get("Memory", 0), service.host.get("MemoryReservation", 0)
    assert reserved, "No memory is reserved for the service."
    assert limit, f"{reserved / MIB:.0f} MiB are reserved, and there is no limit above them."
    assert reserved < limit, (
        f"{reserved / MIB:.0f} MiB are reserved with a limit of {limit / MIB:.0f} MiB; it should "
        "be less than the limit."
    )


@pytest.mark.points(1)
@pytest.mark.expects("HTTP 200 with the batch's scores")
@pytest.mark.hint("A batch needs about 130 MiB; docker stats shows what the service takes.")
def test_service_answers(story: Leak, bench: Bench) -> None:
    """The service handles its normal load within its limits.

    A limit below the need turns every batch into an outage.
    """
    command = (
        f"{receipt.CURL} --retry 9 --retry-all-errors -X POST "
        f"-d '{json.dumps(leak.BATCH)}' http://localhost:8000/predict"
    )
    bench.record(Evidence(command, receipt.answered(story.load)))
    assert story.load.ok, f"A batch of predictions came to {story.load}" + (
        " and the kernel ended the service for lack of memory." if story.is_oom else "."
    )
