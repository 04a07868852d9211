"""What a learner may ask the engine for: the HostConfig that docker would send, held to the rules.

Command lines and compose files come here as the API body that docker itself makes of them. What the
lab can't take is refused by name, and nothing is scored; what the engine would refuse is the
learner's, in the engine's words; the rest reaches the engine within the sandbox's bounds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from grader.engine import capability, rules
from grader.engine.sandbox import MIB
from grader.verdict.outcome import LearnerFault, NotInLab
from grader.verdict.report import Evidence

MAX_MEMORY = 1024 * MIB
"""The most memory that any container of a learner gets."""

LEAST_MEMORY = 6 * MIB
"""The engine's own least (moby, daemon_unix.go)."""

_NETWORKS = ("", "default", "bridge", "none")
_IPC = ("", "private", "none", "shareable")
_TRUE = frozenset({"", "1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
"""What Go's strconv.ParseBool reads; no word at all means true."""


def host(asked: Mapping[str, Any], name: str, judged: Iterable[str] = ()) -> dict[str, Any]:
    """What a HostConfig asks for, defaults left out; ``name`` is the learner's file.

    ``judged`` are keys whose request the caller reads although the lab decides them. Raises
    NotInLab for what the lab can't take, LearnerFault for what the engine would refuse.
    """
    kept: dict[str, Any] = {}
    for key, value in asked.items():
        if is_default(key, value):
            continue
        if key in rules.REFUSED:
            raise refused(name, f"{key} ({str(value)[:60]})", rules.REFUSED[key])
        if key == "NetworkMode" and value != "none":
            if value not in _NETWORKS:
                raise refused(name, f"the network {value}", "each container has one of its own")
            continue
        if key not in rules.WRITTEN and key not in rules.JUDGED:
            raise refused(name, f"{key} ({str(value)[:60]})", "the lab doesn't know it")
        if key in rules.WRITTEN or key in judged or key in ("NetworkMode", "OomKillDisable"):
            kept[key] = value
    _look_at_values(kept, name, frozenset(judged))
    return kept


def refused(name: str, what: str, why: str) -> NotInLab:
    """What to raise where the lab can't take something of the file ``name``."""
    return NotInLab(f"{name} asks for {what}, which the lab can't take: {why}. Nothing was scored.")


def _look_at_values(kept: Mapping[str, Any], name: str, judged: frozenset[str]) -> None:
    if kept.get("IpcMode", "") not in _IPC:
        raise refused(name, f"the IPC namespace {kept['IpcMode']}", "it belongs to somebody else")
    if int(kept.get("OomScoreAdj") or 0) < 0:
        raise refused(
            name,
            f"oom_score_adj {kept['OomScoreAdj']}",
            "the OOM killer would spare it, whatever else runs on this machine",
        )
    if "SecurityOpt" in kept:
        no_new_privileges(kept["SecurityOpt"], name)
    if "CapAdd" not in judged:
        refuse_capabilities(kept, name)
    for asked in kept.get("CapAdd") or ():
        if capability.plain(asked) not in (*capability.NAMES, "ALL"):
            raise LearnerFault(
                f"{name} adds {asked[:40]}: the engine knows no such capability and starts nothing."
            )


def refuse_capabilities(kept: Mapping[str, Any], name: str) -> None:
    """Raise NotInLab for a capability of the kernel's that Docker doesn't grant by itself."""
    for asked in kept.get("CapAdd") or ():
        plain = capability.plain(asked)
        if plain in (*capability.NAMES, "ALL") and plain not in capability.DEFAULT:
            raise refused(name, f"the capability {asked[:40]}", "it reaches beyond the container")


def no_new_privileges(options: Iterable[str], name: str) -> bool:
    """Whether security options forbid new privileges, read as the engine does: ``=`` and ``:``
    alike. Raises NotInLab for any other option, LearnerFault for a word the engine can't read."""
    found = False
    for option in options:
        separator = "=" if "=" in option else ":"
        key, _, value = option.partition(separator)
        if key != "no-new-privileges":
            raise refused(name, f"security_opt {option[:60]}", "it would loosen the isolation")
        if value not in _TRUE | _FALSE:
            raise LearnerFault(
                f"{name}: security_opt {option[:60]}: the engine reads true or false there, "
                f"not {value[:20]!r}, and starts nothing."
            )
        found = value in _TRUE
    return found


def refuse_as_the_engine(kept: Mapping[str, Any], name: str) -> None:
    """Raise LearnerFault for what the engine refuses to start, where the sandbox's bounds would
    hide it. The sentences are the engine's (moby, daemon/daemon_unix.go,
    verifyPlatformContainerResources)."""
    memory, swap = kept.get("Memory", 0), kept.get("MemorySwap", 0)
    reserved = kept.get("MemoryReservation", 0)
    said = ""
    if 0 < memory < LEAST_MEMORY:
        said = "Minimum memory limit allowed is 6MB"
    elif memory and 0 < swap < memory:
        said = "Minimum memoryswap limit should be larger than memory limit, see usage"
    elif not memory and swap > 0:
        said = "You should always set the Memory limit when using Memoryswap limit, see usage"
    elif 0 < reserved < LEAST_MEMORY:
        said = "Minimum memory reservation allowed is 6MB"
    elif memory and reserved > memory:
        said = "Minimum memory limit can not be less than memory reservation limit, see usage"
    if said:
        raise LearnerFault(f"The engine refuses what {name} asks for, and starts nothing: {said}.")


def receipt(host: Mapping[str, Any], keys: Iterable[str]) -> Evidence:
    """What a HostConfig asks for, as docker inspect prints it when the container is there."""
    form = "\n".join(f"{key} {{{{json .HostConfig.{key}}}}}" for key in keys)
    rows = "\n".join(f"{key} {json.dumps(_told(host, key), separators=(',', ':'))}" for key in keys)
    return Evidence(f"docker inspect -f '{form}' web", rows)


def _told(host: Mapping[str, Any], key: str) -> Any:
    """A value as the engine tells it: it fills in defaults, and twice the memory for swap."""
    if key == "MemorySwap" and not host.get(key) and host.get("Memory", 0) > 0:
        return 2 * host["Memory"]
    return host[key] if key in host else rules.UNSAID.get(key)


def capped(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The HostConfig to run with: the learner's, capped where the sandbox has to."""
    host = dict(asked)
    memory = host.get("Memory", 0)
    if memory:
        host["Memory"] = min(memory, MAX_MEMORY)
        host["MemorySwap"] = _swap(host, memory)
    else:
        host["Memory"] = host["MemorySwap"] = MAX_MEMORY
    if host.get("MemoryReservation", 0) > host["Memory"]:
        host["MemoryReservation"] = host["Memory"]
    host.pop("OomKillDisable", None)
    return host


def _swap(host: Mapping[str, Any], memory: int) -> int:
    """Docker's own rule: no value means twice the memory; -1 means all there is (capped here)."""
    swap = int(host.get("MemorySwap", 0)) or 2 * memory
    return 2 * MAX_MEMORY if swap < 0 else max(min(swap, 2 * MAX_MEMORY), host["Memory"])


def is_default(key: str, value: Any) -> bool:
    """Whether a value of the HostConfig is what docker sends when nothing was asked for."""
    if key == "RestartPolicy":
        return (value or {}).get("Name") in ("", "no", None)
    if key == "MemorySwappiness":
        return value in (None, -1)
    if key == "LogConfig":
        return not (value or {}).get("Type") and not (value or {}).get("Config")
    if key in ("CgroupnsMode", "IpcMode"):
        return value in (None, "", "private")
    if key == "Runtime":
        return value in (None, "", "runc")
    return value in (None, "", 0, False, [], {}, [0, 0], "default")
