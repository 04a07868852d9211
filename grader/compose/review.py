"""A learner's compose file, reviewed before any tool sees it.

Keys with which Compose would reach files of this machine, its environment or its namespaces are
refused by name. The values of all others are judged later, in what Compose makes of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from grader.answer.recipe import familiar
from grader.verdict.outcome import LearnerFault, NotInLab

TAKEN = frozenset(
    {"command", "entrypoint", "environment", "user", "working_dir", "hostname", "init"}
    | {"stop_signal", "stop_grace_period", "healthcheck", "restart", "read_only", "tmpfs"}
    | {"cap_add", "cap_drop", "security_opt", "privileged", "deploy", "logging", "labels"}
    | {"mem_limit", "memswap_limit", "mem_reservation", "mem_swappiness", "oom_kill_disable"}
    | {"cpus", "cpu_quota", "cpu_period", "cpu_shares", "cpuset", "pids_limit", "shm_size"}
    | {"ulimits", "volumes", "depends_on", "tty", "stdin_open"}
)
"""Service keys that are handed on to Compose."""

LEFT_OUT = frozenset(
    {"image", "build", "container_name", "ports", "expose", "networks", "network_mode", "profiles"}
    | {"platform", "pull_policy", "extra_hosts", "dns", "dns_search", "dns_opt", "annotations"}
    | {"scale", "attach", "sysctls", "develop", "secrets"}
)
"""Service keys that the sandbox decides itself."""

REFUSED = {
    "env_file": "reads a file of this machine; write the variables under environment",
    "extends": "reads another file; write the service out",
    "devices": "hands over devices of the host",
    "volumes_from": "takes over volumes of another container",
    "pid": "enters another process namespace",
    "ipc": "enters another IPC namespace",
    "uts": "enters another UTS namespace",
    "userns_mode": "changes the user namespace",
    "cgroup": "leaves its control group",
    "cgroup_parent": "leaves its control group",
    "device_cgroup_rules": "hands over devices of the host",
    "runtime": "chooses another runtime",
    "label_file": "reads a file of this machine; write the labels under labels",
    "credential_spec": "reads credentials of this machine",
    "configs": "mounts files of this machine",
    "use_api_socket": "hands over the engine's own socket",
}
"""Service keys that reach out of the container, with what they would do."""

BUILD_KEYS = frozenset({"context", "dockerfile", "tags", "labels", "pull", "no_cache", "args"})
TOP_LEVEL = frozenset({"services", "version", "name", "networks", "volumes", "secrets"})
PROJECT_IMAGE = "scorer"
_HOST_PATH = re.compile(r"^[./~$\\]|^[A-Za-z]:[\\/]")


def services(
    document: Mapping[str, Any], name: str, run: Collection[str]
) -> dict[str, dict[str, Any]]:
    """The services named in ``run``, with what they may hand on. Raises LearnerFault.

    Others may stand beside them, as in a real file, and are never handed to anything: their keys
    are looked at for slips of the pen only.
    """
    for key in document:
        if key == "include":
            raise LearnerFault(f"{name}: include reads other files; write the services out.")
        if key not in TOP_LEVEL and not str(key).startswith("x-"):
            raise LearnerFault(f"{name} has a top-level key {str(key)[:40]!r} that isn't needed.")
    found = document.get("services")
    if not isinstance(found, dict) or not found:
        raise LearnerFault(f"{name} has no services.")
    named = _volumes(document.get("volumes"), name)
    for service, asked in found.items():
        if not isinstance(asked, dict):
            raise LearnerFault(f"{name}, service {service}, should be a mapping.")
        _known(asked, f"{name}, service {service}")
    return {
        str(key): _service(str(key), asked, named, name)
        for key, asked in found.items()
        if key in run
    }


def _known(asked: Mapping[Any, Any], where: str) -> None:
    for key in asked:
        if key not in TAKEN | LEFT_OUT | set(REFUSED) and not str(key).startswith("x-"):
            raise LearnerFault(
                f"{where}: {str(key)[:40]!r} is no key of a service, or none that is needed here."
            )


def _service(
    service: str, asked: Mapping[str, Any], volumes: frozenset[str], name: str
) -> dict[str, Any]:
    where = f"{name}, service {service}"
    kept: dict[str, Any] = {}
    for key, value in asked.items():
        if key in REFUSED:
            raise LearnerFault(f"{where}: {key} {REFUSED[key]}. It isn't part of this exercise.")
        if key in TAKEN:
            kept[key] = value
    _network(asked.get("network_mode"), where)
    if asked.get("privileged") not in (None, False):
        raise LearnerFault(f"{where}: privileged switches the isolation off. It isn't needed.")
    for volume in _entries(asked.get("volumes"), where):
        _volume(volume, volumes, where)
    return kept


def _network(mode: Any, where: str) -> None:
    if mode not in (None, "none", "bridge", "default"):
        raise LearnerFault(f"{where}: network_mode {str(mode)[:60]} isn't part of this exercise.")


def _entries(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise LearnerFault(f"{where}: volumes should be a list.")
    return value


def _volume(volume: Any, named: frozenset[str], where: str) -> None:
    """Volumes by name and tmpfs mounts are fine; folders of the host aren't."""
    if isinstance(volume, dict):
        kind, source = volume.get("type"), str(volume.get("source") or "")
        if kind == "tmpfs" or (kind == "volume" and (not source or source in named)):
            return
    elif isinstance(volume, str):
        source, separator, _ = volume.partition(":")
        if not separator and source.startswith("/") and "$" not in volume:
            return
        if separator and source in named and not _HOST_PATH.match(source):
            return
    raise LearnerFault(
        f"{where}: the volume {str(volume)[:60]!r} reaches a folder of the host, or isn't declared "
        "under volumes. Neither is part of this exercise."
    )


def _volumes(declared: Any, name: str) -> frozenset[str]:
    if declared is None:
        return frozenset()
    if not isinstance(declared, dict):
        raise LearnerFault(f"{name}: volumes should be a mapping.")
    for volume, options in declared.items():
        if options is not None and not isinstance(options, dict):
            raise LearnerFault(
                f"{name}: the volume {str(volume)[:40]!r} should have no options, or a mapping."
            )
        options = options or {}
        is_plain = options.get("driver") in (None, "local")
        if options.keys() - {"labels", "name", "driver"} or not is_plain:
            raise LearnerFault(
                f"{name}: the options of the volume {str(volume)[:40]!r} may reach the host; "
                "a plain one is enough here."
            )
    return frozenset(map(str, declared))


def check_image(asked: Any, service: str, name: str) -> None:
    """The service is built from the exercise's own folder. Raises LearnerFault or NotInLab."""
    build, image = asked.get("build"), asked.get("image")
    where = f"{name}, service {service}"
    if build is not None:
        context = build.get("context", ".") if isinstance(build, dict) else build
        if isinstance(build, dict) and set(build) - BUILD_KEYS:
            raise LearnerFault(f"{where}: build needs no more than a context here.")
        if str(context).rstrip("/") not in (".", "") and str(context) != "./":
            raise LearnerFault(
                f"{where} builds from {str(context)[:60]!r}; the service lies in '.'"
            )
        if isinstance(build, dict) and build.get("dockerfile", "Dockerfile") not in (
            "Dockerfile",
            "./Dockerfile",
        ):
            raise LearnerFault(f"{where} builds from another Dockerfile than the exercise's own.")
    elif not image:
        raise LearnerFault(f"{where} says neither build: . nor an image.")
    elif familiar(str(image)).partition(":")[0] != PROJECT_IMAGE:
        raise NotInLab(
            f"{where} runs the image {str(image)[:80]!r}, which the lab doesn't have; in this "
            "exercise the service is built with build: . – nothing was scored."
        )
