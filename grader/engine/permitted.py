"""What a learner may ask the engine for: an allow-list over the HostConfig that docker would send.

Command lines and compose files come here as the API body that docker itself makes of them. What is
not on the list is refused by name; what is, is capped where the sandbox has to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.engine.sandbox import MIB
from grader.verdict.outcome import LearnerFault

MAX_MEMORY = 1024 * MIB
"""The most memory that any container of a learner gets."""

ALLOWED = frozenset(
    {"Memory", "MemorySwap", "MemoryReservation", "MemorySwappiness", "OomKillDisable"}
    | {"NanoCpus", "CpuShares", "CpuQuota", "CpuPeriod", "CpusetCpus", "PidsLimit", "ShmSize"}
    | {"RestartPolicy", "Init", "ReadonlyRootfs", "Tmpfs", "CapDrop", "DeviceRequests"}
)
"""HostConfig keys that are taken over."""

DROPPED = frozenset(
    {"PortBindings", "PublishAllPorts", "AutoRemove", "ConsoleSize", "NetworkMode", "LogConfig"}
    | {"Annotations", "Dns", "DnsOptions", "DnsSearch", "ExtraHosts"}
)
"""HostConfig keys that do no harm and that the sandbox decides itself."""

NO_NEW_PRIVILEGES = frozenset({"no-new-privileges", "no-new-privileges:true"})
_NETWORKS = ("", "default", "bridge", "none")


def host(asked: Mapping[str, Any], name: str, also: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What is taken over of a HostConfig; defaults are left out.

    ``name`` is the learner's file, ``also`` keys that this kind of file may set besides.
    Raises LearnerFault for anything else.
    """
    kept: dict[str, Any] = {}
    for key, value in asked.items():
        if key == "NetworkMode" and value not in _NETWORKS:
            raise LearnerFault(f"{name}: the network {value} isn't part of this exercise.")
        if is_default(key, value) or (key in DROPPED and key not in also):
            continue
        if key == "SecurityOpt" and key not in also and set(value) <= NO_NEW_PRIVILEGES:
            continue
        if key not in ALLOWED | also:
            raise LearnerFault(f"{name} sets {key} ({str(value)[:60]}), which isn't part of this.")
        kept[key] = value
    return kept


def capped(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The HostConfig to run with: the learner's, capped where the sandbox has to."""
    host = dict(asked)
    memory = host.get("Memory", 0)
    if memory:
        host["Memory"] = min(memory, MAX_MEMORY)
        host["MemorySwap"] = _swap(host, memory)
        if host.get("MemoryReservation", 0) > host["Memory"]:
            del host["MemoryReservation"]
    else:
        host["Memory"] = host["MemorySwap"] = MAX_MEMORY
    host.pop("OomKillDisable", None)
    return host


def _swap(host: Mapping[str, Any], memory: int) -> int:
    """Docker's own rule: no value means twice the memory; -1 means all there is (capped here)."""
    swap = int(host.get("MemorySwap", 0)) or 2 * memory
    return 2 * MAX_MEMORY if swap < 0 else min(swap, 2 * MAX_MEMORY)


def is_default(key: str, value: Any) -> bool:
    """Whether a value of the HostConfig is what docker sends when nothing was asked for."""
    if key == "RestartPolicy":
        return (value or {}).get("Name") in ("", "no", None)
    if key == "MemorySwappiness":
        return value in (None, -1)
    if key == "LogConfig":
        return not (value or {}).get("Type") and not (value or {}).get("Config")
    return value in (None, "", 0, False, [], {}, [0, 0], "default")
