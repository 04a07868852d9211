"""What a service may take of memory and CPU: what its compose file asks for, and what the kernel
holds it to."""

from __future__ import annotations

from grader.compose import Service
from grader.engine.sandbox import MIB
from grader.probe.bench import Bench
from grader.verdict.facts import Usage

MOST_MEMORY = 512 * MIB
MOST_CPUS = 1.0


def assert_memory(service: Service, usage: Usage, bench: Bench) -> None:
    """A memory limit, at most 512 MiB, that the kernel knows of."""
    limit = service.host.get("Memory", 0)
    assert not service.host.get("OomKillDisable"), (
        "oom_kill_disable: at its limit the service isn't ended, it hangs (on control groups of "
        "version 1; on version 2 the engine discards the word)."
    )
    bench.record(service.asked("Memory"))
    assert limit, "The service has no memory limit: it may take all there is."
    assert limit <= MOST_MEMORY, (
        f"The memory limit is {limit / MIB:.0f} MiB; the machine has at most 512 MiB for it."
    )
    held = usage.memory_limit
    assert held is not None, "The kernel holds the service to no memory limit."
    assert held <= limit, f"The kernel's own limit is {held}, not {limit}."


def assert_cpu(service: Service, usage: Usage, bench: Bench) -> None:
    """A CPU limit, at most one CPU, that the kernel knows of."""
    bench.record(service.asked("NanoCpus", "CpuQuota", "CpuPeriod"))
    quota, period = service.host.get("CpuQuota", 0), service.host.get("CpuPeriod", 0) or 100_000
    asked = service.host.get("NanoCpus", 0) / 1e9 or quota / period
    assert asked > 0, "The service has no CPU limit" + (
        ": a reservation is none."
        if not service.host.get("CpuShares")
        else ": cpu_shares is a weight that counts only while others compete."
    )
    assert asked <= MOST_CPUS, f"The CPU limit is {asked:g} CPUs; it should be at most one."
    held = usage.cpu_limit
    assert held is not None, "The kernel holds the service to no CPU limit."
    assert held <= asked * 1.01, f"The kernel's own limit is {held:g} CPUs, not {asked:g}."
