"""A learner's compose file, reviewed before any tool sees it.

Each key has one of three ways (see ``engine.rules``): handed to Compose and judged in what it makes
of it, decided by the lab, or refused by name. Files are those that lie beside the compose file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any

from grader.compose import beside, building
from grader.engine import permitted
from grader.verdict.outcome import LearnerFault

TAKEN = frozenset(
    {"command", "entrypoint", "environment", "env_file", "user", "working_dir", "hostname", "init"}
    | {"stop_signal", "stop_grace_period", "healthcheck", "restart", "read_only", "tmpfs"}
    | {"cap_add", "cap_drop", "security_opt", "deploy", "logging", "labels", "domainname", "expose"}
    | {"mem_limit", "memswap_limit", "mem_reservation", "mem_swappiness", "oom_kill_disable"}
    | {"cpus", "cpu_quota", "cpu_period", "cpu_shares", "cpuset", "pids_limit", "shm_size"}
    | {"ulimits", "volumes", "depends_on", "tty", "stdin_open", "ports", "container_name", "scale"}
    | {"oom_score_adj", "group_add", "ipc", "secrets", "configs", "userns_mode", "privileged"}
    | {"devices", "device_cgroup_rules", "pid", "uts", "cgroup", "cgroup_parent", "runtime"}
    | {"isolation", "storage_opt", "blkio_config", "cpu_rt_period", "cpu_rt_runtime", "cpu_count"}
    | {"cpu_percent", "gpus", "annotations", "dns", "dns_search", "dns_opt", "extra_hosts"}
)
"""Service keys that are handed on to Compose; the rules of ``engine.rules`` hold for what it makes
of them."""

JUDGED: Mapping[str, str] = {
    "image": "see building",
    "build": "see building",
    "network_mode": "looked at here: each service has a network of its own, or none",
    "networks": "each service has a network of its own",
    "profiles": "the service is started by its name",
    "platform": "the lab has images of one platform",
    "pull_policy": "the lab's images are there",
    "attach": "only what is shown on the terminal",
    "develop": "only docker compose watch reads it",
    "sysctls": "the exercise sets them; they must not differ",
    "extends": "see resolution",
}
"""Service keys that the lab decides, and why no verdict depends on that."""

REFUSED: Mapping[str, str] = {
    "volumes_from": "it takes over volumes of another container",
    "credential_spec": "it reads credentials of this machine",
    "label_file": "it reads a file; write the labels under labels",
    "use_api_socket": "it hands over the engine's own socket",
    "links": "names of other services; the lab starts this one alone",
    "external_links": "names of other containers; there are none",
    "mac_address": "the service has no card of its own",
    "post_start": "commands beside the service's own, which an older Compose doesn't know",
    "pre_stop": "commands beside the service's own, which an older Compose doesn't know",
    "provider": "it starts another program",
    "models": "it starts another program",
}
"""Service keys that the lab can't take, with what they would do."""

TOP_LEVEL = frozenset({"services", "version", "name", "networks", "volumes", "secrets", "configs"})
VOLUME_KEYS = frozenset({"labels", "name", "driver", "driver_opts"})
_HOST_PATH = re.compile(r"^[./~$\\]|^[A-Za-z]:[\\/]")


def services(
    document: Mapping[str, Any],
    name: str,
    run: Collection[str],
    files: Mapping[str, bytes],
    sysctls: Mapping[str, str],
) -> dict[str, dict[str, Any]]:
    """The services named in ``run``, with what they may hand on.

    Others may stand beside them, as in a real file, and are never handed to anything: their keys
    are looked at for slips of the pen only. Raises LearnerFault, and NotInLab by name.
    """
    for key in document:
        if key not in TOP_LEVEL and not str(key).startswith("x-"):
            place = " It belongs under a service." if key in TAKEN | set(JUDGED) else ""
            raise LearnerFault(f"{name}: Compose knows no top-level key {str(key)[:40]!r}.{place}")
    found = document.get("services")
    if not isinstance(found, dict) or not found:
        raise LearnerFault(f"{name} has no services.")
    named = _volumes(document.get("volumes"), name)
    for kind in ("secrets", "configs"):
        _files_of(document.get(kind), kind, name, files)
    for service, asked in found.items():
        if not isinstance(asked, dict):
            raise LearnerFault(f"{name}, service {service}, should be a mapping.")
        _known(asked, f"{name}, service {service}")
    return {
        str(key): _service(asked, named, f"{name}, service {key}", files, sysctls)
        for key, asked in found.items()
        if key in run
    }


def _known(asked: Mapping[Any, Any], where: str) -> None:
    for key in asked:
        if key not in TAKEN | set(JUDGED) | set(REFUSED) and not str(key).startswith("x-"):
            raise LearnerFault(f"{where}: Compose knows no key {str(key)[:40]!r} of a service.")


def _service(
    asked: Mapping[str, Any],
    volumes: frozenset[str],
    where: str,
    files: Mapping[str, bytes],
    sysctls: Mapping[str, str],
) -> dict[str, Any]:
    for key in asked:
        if key in REFUSED:
            raise permitted.refused(where, key, REFUSED[key])
    _network(asked.get("network_mode"), where)
    for key, value in building.pairs(asked.get("sysctls"), where).items():
        if sysctls.get(key) != value:
            raise permitted.refused(where, f"the sysctl {key[:60]}={value[:20]}", "the lab sets it")
    beside.variables(asked.get("env_file"), where, files)
    for volume in _entries(asked.get("volumes"), where):
        _volume(volume, volumes, where, files)
    return {key: value for key, value in asked.items() if key in TAKEN}


def depends_on(asked: Mapping[str, Any], service: str, name: str) -> None:
    """Compose refuses a file in which a service waits for one that isn't there. Raises
    LearnerFault."""
    waits = asked[service].get("depends_on")
    for other in waits if isinstance(waits, list | dict) else ():
        required = not isinstance(waits, dict) or (waits[other] or {}).get("required", True)
        if other not in asked and required:
            raise LearnerFault(
                f"Compose refuses {name}: service {service!r} depends on undefined service "
                f"{str(other)[:60]!r}."
            )


def _network(mode: Any, where: str) -> None:
    if mode not in (None, "none", "bridge", "default"):
        raise permitted.refused(
            where, f"network_mode {str(mode)[:60]}", "each service has a network of its own"
        )


def _entries(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise LearnerFault(f"{where}: volumes should be a list.")
    return value


def _volume(volume: Any, named: frozenset[str], where: str, files: Mapping[str, bytes]) -> None:
    """Volumes by name, tmpfs mounts and files of the answer; folders of the host aren't taken."""
    if isinstance(volume, dict):
        kind, source = volume.get("type"), str(volume.get("source") or "")
        if kind == "tmpfs" or (kind == "volume" and (not source or source in named)):
            return
        if kind == "bind":
            _mounted(source, where, files)
            return
    elif isinstance(volume, str):
        source, separator, _ = volume.partition(":")
        if not separator and source.startswith("/") and "$" not in volume:
            return
        if separator and source in named and not _HOST_PATH.match(source):
            return
        if separator and _HOST_PATH.match(source):
            _mounted(source, where, files)
            return
    raise LearnerFault(
        f"{where}: the volume {str(volume)[:60]!r} isn't declared under the top-level volumes."
    )


def _mounted(source: str, where: str, files: Mapping[str, bytes]) -> None:
    if str(PurePosixPath(source)) not in files:
        raise permitted.refused(
            where,
            f"a mount of {source[:60]!r}",
            "only single files of the exercise's folder can be mounted here; COPY the rest",
        )


def _files_of(declared: Any, kind: str, name: str, files: Mapping[str, bytes]) -> None:
    if declared is None:
        return
    if not isinstance(declared, dict):
        raise LearnerFault(f"{name}: {kind} should be a mapping.")
    for key, options in declared.items():
        where = f"{name}, {kind} {str(key)[:40]}"
        options = options if isinstance(options, dict) else {}
        if "file" in options:
            beside.check(str(options["file"]), where, "file", files)
            continue
        for way in ("environment", "external", "driver", "template_driver"):
            if options.get(way):
                raise permitted.refused(
                    where, way, "the lab puts only what the folder holds there; use file:"
                )


def _volumes(declared: Any, name: str) -> frozenset[str]:
    if declared is None:
        return frozenset()
    if not isinstance(declared, dict):
        raise LearnerFault(f"{name}: volumes should be a mapping.")
    for volume, options in declared.items():
        where = f"{name}, volume {str(volume)[:40]}"
        if options is not None and not isinstance(options, dict):
            raise LearnerFault(f"{where} should have no options, or a mapping.")
        options = options or {}
        if rest := options.keys() - VOLUME_KEYS:
            raise permitted.refused(where, min(map(str, rest)), "it may reach this machine")
        if options.get("driver") not in (None, "local"):
            raise permitted.refused(where, f"the driver {options['driver']}", "it isn't there")
        how = options.get("driver_opts") or {}
        if how and str(how.get("type")) != "tmpfs":
            raise permitted.refused(where, "driver_opts", "they may reach this machine's folders")
    return frozenset(map(str, declared))
