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
    grading_seconds: float = 300.0


LIMITS = Limits()


def host_config(
    limits: Limits,
    *,
    network: str,
    host_cpus: int,
    volumes: Iterable[str] = (),
    overrides: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The HostConfig of a student container.

    ``network`` is a network mode, ``volumes`` the paths that its image declares as VOLUME: each
    becomes a tmpfs of bounded size, or a submission could fill the disk through it.
    ``overrides`` come from a checked exercise; they can't widen what is not theirs to widen.
    """
    tmpfs = f"rw,nosuid,nodev,size={limits.tmpfs_bytes}"
    config: dict[str, Any] = {
        "NetworkMode": network,
        "Memory": limits.memory,
        "MemorySwap": limits.memory,
        "PidsLimit": limits.pids,
        "NanoCpus": int(min(limits.cpus, host_cpus) * 1e9),
        "SecurityOpt": ["no-new-privileges"],
        "LogConfig": {
            "Type": "json-file",
            "Config": {"max-size": str(limits.log_bytes), "max-file": "2"},
        },
        "Ulimits": [{"Name": "fsize", "Soft": limits.file_bytes, "Hard": limits.file_bytes}],
        "Tmpfs": dict.fromkeys(volumes, tmpfs),
        "Privileged": False,
        "AutoRemove": False,
    }
    config.update(overrides or {})
    if "NanoCpus" not in (overrides or {}) and (config.get("CpuQuota") or config.get("CpuPeriod")):
        del config["NanoCpus"]  # the engine takes one form of a CPU limit only
    return config
