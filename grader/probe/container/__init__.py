"""A container of a submission: started inside the sandbox, looked at from outside.

Probes report facts, never judge, and leave a receipt: the command with which a person sees the
same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from grader.engine import tarball
from grader.engine.client.call import Refused
from grader.engine.image import NANOSECONDS, Image
from grader.engine.sandbox import FILES, host_config
from grader.probe.bench import Bench
from grader.probe.container.living import Living
from grader.probe.container.observed import Observed
from grader.probe.container.serving import Serving
from grader.verdict.outcome import CapabilityAbsent, LearnerFault
from grader.verdict.report import Evidence
from grader.verdict.text import clean

__all__ = ["Container", "run"]

SECRETS = "/run/secrets"
_START_FAULTS = (
    "unable to find user",
    "unable to find group",
    "no matching entries in",
    "executable file not found",
    "no such file or directory",
    "permission denied",
    "exec format error",
    "not a directory",
    "is a directory",
    "no command specified",
    "mkdir ",
    "chdir to cwd",
    "invalid reference",
    "log opt",
    "logging driver",
    "minimum memory",
    "Minimum memory",
    "Conflicting options",
    "Range of CPUs",
    "invalid",
    "could not select device driver",
    "argument list too long",
)


_NO_SUCH_CPUS = "Requested CPUs are not available"
_CPU_LIMITS = ("NanoCpus", "CpuQuota")
NO_CPU_LIMITS = (
    "This engine can't limit CPU time: its kernel doesn't account for it, or a rootless engine was "
    "not given the cpu controller."
)


class Container(Serving, Observed, Living):
    """One container. Made by ``run``."""


def run(
    bench: Bench,
    image: Image,
    *,
    config: Mapping[str, Any] | None = None,
    host: Mapping[str, Any] | None = None,
    files: bytes | None = None,
    secrets: Mapping[str, bytes] | None = None,
    beside: bool = False,
) -> Container:
    """Create and start a container of ``image`` in the bench's pod.

    ``config`` and ``host`` override the API body and its HostConfig; ``files`` is a tar archive
    put into the root before the start, ``secrets`` are files under /run/secrets, as Compose has
    them; ``host`` may hold further ones (``sandbox.FILES``). ``beside``: without a network and out
    of the pod, which keeps its container. Raises LearnerFault when it can't start, CapabilityAbsent
    when the engine lacks what it asks for.
    """
    facts = bench.engine.facts
    if not facts.cpu_limits and any((host or {}).get(key) for key in _CPU_LIMITS):
        raise CapabilityAbsent("cpu", NO_CPU_LIMITS)
    host = dict(host or {})
    put = {f"{SECRETS}/{name}": content for name, content in (secrets or {}).items()}
    put = {**put, **host.pop(FILES, {})}
    secret = {path: content for path, content in put.items() if path.startswith(f"{SECRETS}/")}
    elsewhere = {path: content for path, content in put.items() if path not in secret}
    if secret:
        host["Mounts"] = [*host.get("Mounts", ()), {"Type": "volume", "Target": SECRETS}]
    made = [archive for archive in (files, elsewhere and tarball.of(elsewhere)) if archive]
    base = image.id
    if made and host.get("ReadonlyRootfs"):
        base, made = _with_files(bench, image, made), []
    body = {
        **_fair(config or {}, bench),
        "Image": base,
        "Labels": {**(config or {}).get("Labels", {}), **bench.session.labels},
        "HostConfig": host_config(
            bench.limits,
            network="none" if beside else f"container:{bench.pod.id}",
            host_cpus=facts.cpus if facts.cpu_limits else 0,
            volumes=image.volumes,
            overrides=host,
        ),
    }
    identity = ""
    try:
        identity = bench.session.owns(_created(bench, body))
        container = Container(bench, image, identity)
        for archive in made:
            bench.engine.put_archive(identity, "/", archive)
        if secret:
            bench.engine.put_archive(
                identity,
                SECRETS,
                tarball.of({path.removeprefix(SECRETS): key for path, key in secret.items()}),
            )
        if not beside:
            bench.occupy(container, is_plain=not body["HostConfig"].get("CapAdd"))
        bench.engine.start(identity)
    except Refused as error:
        if any(fault in error.reason for fault in _START_FAULTS):
            raise LearnerFault(
                f"The container doesn't start: {_short(error.reason)}{_option(body, error.reason)}",
                Evidence("docker run -d --name web …", error.reason[:600], "a running container"),
            ) from error
        raise
    return container


def _fair(config: Mapping[str, Any], bench: Bench) -> Mapping[str, Any]:
    """A health check's timeout, which the engine takes by the clock on the wall, in seconds that
    this machine gives."""
    check = config.get("Healthcheck") or {}
    if not check.get("Timeout"):
        return config
    timeout = bench.watch.metronome.stretched(check["Timeout"] / NANOSECONDS)
    return {**config, "Healthcheck": {**check, "Timeout": int(timeout * NANOSECONDS)}}


def _with_files(bench: Bench, image: Image, archives: Sequence[bytes]) -> str:
    """An image with a layer of files on top: the engine puts none into a read-only root."""
    bare = bench.session.owns(
        bench.engine.create({"Image": image.id, "Labels": bench.session.labels})
    )
    for archive in archives:
        bench.engine.put_archive(bare, "/", archive)
    made = bench.engine.commit(bare, bench.session.labels)
    bench.session.owns_image(made)
    bench.engine.remove(bare)
    return made


def _created(bench: Bench, body: dict[str, Any]) -> str:
    """A new container's id. CPUs that this host lacks are left out: they are a place to run at, no
    limit, and an answer that names them is as right as it is on the machine it was written for."""
    try:
        return bench.engine.create(body)
    except Refused as error:
        if _NO_SUCH_CPUS not in error.reason:
            raise
    anywhere = {key: value for key, value in body["HostConfig"].items() if key != "CpusetCpus"}
    return bench.engine.create({**body, "HostConfig": anywhere})


def _option(body: Mapping[str, Any], reason: str) -> str:
    """Which logging option has the value that the engine can't read; it says the value alone."""
    options = (body["HostConfig"].get("LogConfig") or {}).get("Config") or {}
    meant = [f"{key}: {value}" for key, value in options.items() if f'parsing "{value}"' in reason]
    wanted = "; it takes true or false" if "ParseBool" in reason else ""
    return f" (the logging option {meant[0]}{wanted})" if meant else ""


def _short(reason: str) -> str:
    text = reason.rsplit("runc create failed: ", 1)[-1].removeprefix("unable to start container ")
    return clean(text)[:300]
