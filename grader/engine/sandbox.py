"""The limits that every container of a submission runs under, in one place.

What an exercise is about may change some of them (a memory limit of the learner's own); nothing
may leave them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    memory: int = 512 * MIB
    pids: int = 128
    cpus: float = 2.0
    log_bytes: int = 4 * MIB
    file_bytes: int = 256 * MIB
    tmpfs_bytes: int = 64 * MIB
    build_seconds: float = 120.0
    grading_seconds: float = 900.0


LIMITS = Limits()
FILES = "Files"
"""A word of ours beside the HostConfig's: bytes by the path where they are put before the start."""
PRIORITIES = frozenset({"nice", "rtprio", "rttime"})
"""Ulimits with which a container could take the processor away from the host."""


def host_config(
    limits: Limits,
    *,
    network: str,
    host_cpus: int,
    volumes: Iterable[str] = (),
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The HostConfig of a student container.

    ``network`` is a network mode, ``host_cpus`` how many there are (0 where CPU time can't be
    limited), ``volumes`` the paths that its image declares as VOLUME: each
    becomes a tmpfs of bounded size, or a submission could fill the disk through it.
    ``overrides`` come from a checked exercise and from what a learner asks for; they can't widen
    what is not theirs to widen.
    """
    asked = overrides or {}
    config: dict[str, Any] = {
        "NetworkMode": network,
        "Memory": limits.memory,
        "MemorySwap": limits.memory,
        "NanoCpus": int(min(limits.cpus, host_cpus) * 1e9),
        "LogConfig": {
            "Type": "json-file",
            "Config": {"max-size": str(limits.log_bytes), "max-file": "2"},
        },
        "Privileged": False,
        "AutoRemove": False,
        **asked,
        "PidsLimit": _at_most(limits.pids, asked.get("PidsLimit")),
        "Ulimits": _ulimits(limits, asked.get("Ulimits") or ()),
        "Tmpfs": _tmpfs(limits, volumes, asked),
    }
    if host_cpus:  # the engine refuses more CPUs than there are, though nobody can take them
        config["NanoCpus"] = min(config["NanoCpus"], int(host_cpus * 1e9))
    if "NanoCpus" not in asked and (config.get("CpuQuota") or config.get("CpuPeriod")):
        del config["NanoCpus"]  # the engine takes one form of a CPU limit only
    return config


def _at_most(limit: int, asked: int | None) -> int:
    """What is asked for within a limit; none, 0 and less mean that there is to be none."""
    return min(asked, limit) if asked and asked > 0 else limit


def _ulimits(limits: Limits, asked: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A learner's ulimits beside the sandbox's bound on files."""
    found = {each["Name"]: dict(each) for each in asked if each["Name"] not in PRIORITIES}
    size = found.get("fsize", {})
    bounds = {key: _at_most(limits.file_bytes, size.get(key)) for key in ("Soft", "Hard")}
    return [*({**found, "fsize": {"Name": "fsize", **bounds}}).values()]


def _tmpfs(limits: Limits, volumes: Iterable[str], asked: Mapping[str, Any]) -> dict[str, str]:
    """A bounded tmpfs for each declared volume where nothing else is mounted, and those asked
    for."""
    own: Mapping[str, str] = asked.get("Tmpfs") or {}
    taken = {mount["Target"].rstrip("/") for mount in asked.get("Mounts") or ()}
    taken |= {path.rstrip("/") for path in own}
    declared = [path for path in volumes if path.rstrip("/") not in taken]
    return {**dict.fromkeys(declared, f"rw,nosuid,nodev,size={limits.tmpfs_bytes}"), **own}
