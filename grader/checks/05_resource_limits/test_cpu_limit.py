"""Exercise cpu_limit: half a CPU and no more, also on an idle machine."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from grader.answer.run_command import RunCommand
from grader.engine import permitted
from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.probe.start import Start
from grader.verdict.outcome import GraderError
from grader.verdict.report import Evidence

pytestmark = [pytest.mark.exercise("cpu_limit"), pytest.mark.observed]

HALF = 0.5
WHOLE = 1.0
"""A service held to a whole CPU or more isn't held to half of one by anything."""
DEFAULT_PERIOD = 100_000
BUSY_SECONDS = 0.6
TRY_SECONDS = 20.0
"""On a machine that is busy with other things it takes a while until a limit is reached."""
ANSWER_SECONDS = 30.0
MOST_SHARES = 262_144
SLACK_SECONDS = 0.1
BATCH = f"curl -s -X POST 'http://localhost:8000/batch?seconds={BUSY_SECONDS:g}'"
STAT = "docker exec web sh -c 'cat /sys/fs/cgroup/cpu.stat 2>&- || cat /sys/fs/cgroup/cpu/cpu.stat'"


@dataclass(frozen=True)
class Asked:
    """What the command asks for: CPUs (0 without a limit), and the period in seconds in which
    the kernel accounts for them."""

    cpus: float
    period: float


@dataclass(frozen=True)
class Load:
    """The busy request: how often the kernel made the service wait, the CPU seconds it took in
    how many seconds, and the limit that the kernel itself has (in CPUs)."""

    throttled: int
    taken: float
    seconds: float
    held: float | None


@pytest.fixture(scope="module")
def asked(run_command: RunCommand) -> Asked:
    host = run_command.host
    period = host.get("CpuPeriod", 0) or DEFAULT_PERIOD
    cpus = host.get("NanoCpus", 0) / 1e9 or max(host.get("CpuQuota", 0), 0) / period
    return Asked(cpus, period / 1e6)


def _busy(run_command: RunCommand, image: Image, start: Start) -> Load:
    """Keep the service busy until the kernel has made it wait. Raises GraderError when the machine
    is too busy for that, AssertionError when the service doesn't do its work.

    Its weight against others is the highest there is, so that it reaches its limit soon.
    """
    host = {**permitted.capped(run_command.host), "CpuShares": MOST_SHARES}
    container = start(image, config=run_command.config, host=host)
    path = f"/batch?seconds={BUSY_SECONDS:g}"
    deadline = time.monotonic() + TRY_SECONDS
    while True:
        before, begun = container.usage(), time.monotonic()
        answer = container.send(path, method="POST", timeout=ANSWER_SECONDS, receipt=False)()
        after, seconds = container.usage(), time.monotonic() - begun
        assert answer.ok, f"The busy request came to {answer}; the service should do its work."
        throttled = after.throttled_periods - before.throttled_periods
        if throttled > 0:
            taken = (after.cpu_nanoseconds or 0) - (before.cpu_nanoseconds or 0)
            return Load(throttled, taken / 1e9, seconds, after.cpu_limit)
        if time.monotonic() > deadline:
            raise GraderError(
                "This machine is too busy to tell: the service never got as much CPU as its limit "
                "allows. Nothing was scored; try again when it is quieter."
            )


@pytest.mark.points(2)
@pytest.mark.expects("nr_throttled greater than 0 after the busy request")
@pytest.mark.hint(
    "What may this container take at most while nobody else wants the CPU? docker stats shows it.",
    "--cpu-shares is a weight and --cpuset-cpus a place; neither is a limit.",
    "Write --cpus=0.5 before the image's name.",
)
def test_cpu_is_throttled(
    run_command: RunCommand, asked: Asked, image: Image, start: Start, bench: Bench
) -> None:
    """A busy service is throttled by the kernel before it takes a whole CPU.

    Without a limit one busy service makes all others on the machine slow.
    """
    bench.record(run_command.evidence)
    host = run_command.host
    what_else = (
        "; --cpu-shares is a weight that counts only while others compete"
        if host.get("CpuShares")
        else "; --cpuset-cpus says on which CPUs it runs, and it may take all of them"
        if host.get("CpusetCpus")
        else ""
    )
    assert asked.cpus, f"The command sets no limit on CPU time{what_else}."
    assert asked.cpus < WHOLE, (
        f"The limit is {asked.cpus:g} CPUs: the kernel lets the busy service take a whole CPU "
        "and never throttles it before."
    )
    load = _busy(run_command, image, start)
    bench.record(Evidence(f"{BATCH}; {STAT}", f"nr_throttled {load.throttled}"))
    assert load.held is not None, "The kernel holds the service to no limit on CPU time."
    assert load.held <= asked.cpus * 1.01, (
        f"The kernel's own limit is {load.held:g} CPUs, not {asked.cpus:g}."
    )
    most = asked.cpus * (load.seconds + 2 * asked.period) + SLACK_SECONDS
    assert load.taken <= most, (
        f"In {load.seconds:.2f} s the service took {load.taken:.2f} s of CPU time; "
        f"its limit allows {most:.2f} s."
    )


@pytest.mark.points(2)
@pytest.mark.expects("NanoCpus 500000000, or CpuQuota half of CpuPeriod")
@pytest.mark.hint(
    "--cpus takes a number of CPUs; it needn't be a whole one.",
    "--cpu-quota is the part of --cpu-period (100000 microseconds) that the service gets.",
    "Write --cpus=0.5 before the image's name.",
)
def test_share_is_half_a_cpu(run_command: RunCommand, asked: Asked, bench: Bench) -> None:
    """The limit is half a CPU.

    What is left over belongs to somebody: a limit that nobody agreed on takes it away again.
    """
    bench.record(run_command.evidence)
    assert asked.cpus, "The command sets no limit on CPU time, so there is no share."
    assert asked.cpus == pytest.approx(HALF, rel=0.01), (
        f"The limit is {asked.cpus:g} CPUs; it should be half a CPU."
    )
