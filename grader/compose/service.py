"""One service as Compose would send it to the engine: the parts of the API body to run with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.answer.capture import HERE
from grader.compose import logging, places
from grader.engine import capability, permitted, rules
from grader.engine.sandbox import FILES
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

READ = ("CapAdd", "LogConfig", "Binds")
"""Keys that the lab decides, and whose request is read here or by a check."""


@dataclass(frozen=True)
class Service:
    """``host`` and ``config`` as Compose sends them, defaults left out; ``labels`` are the
    service's and Compose's own; ``mounted`` are files of the answer by the path where they are put,
    ``on_disk`` the places of volumes that outlive the container."""

    name: str
    host: Mapping[str, Any]
    config: Mapping[str, Any]
    labels: Mapping[str, str]
    file: str = "compose.yaml"
    mounted: Mapping[str, str] = field(default_factory=dict)
    on_disk: frozenset[str] = frozenset()
    volumes: tuple[Mapping[str, Any], ...] = ()
    """Mounts of volumes and of tmpfs, as they are run with."""
    contents: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    written: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The service as the compose file has it."""

    @classmethod
    def from_body(
        cls,
        name: str,
        body: Mapping[str, Any],
        file: str,
        declared: Mapping[str, Any],
        files: Mapping[str, bytes],
        network: str = "",
    ) -> Service:
        """Hold an API body to the rules; ``declared`` are the file's top-level volumes, ``network``
        is the learner's word. Raises LearnerFault, and NotInLab for what the lab can't take."""
        asked = {**(body.get("HostConfig") or {}), "NetworkMode": network}
        host = permitted.host(asked, file, READ)
        if host.get("DeviceRequests"):
            raise LearnerFault(
                f"{file} asks for a GPU. Where docker has no NVIDIA runtime it starts nothing: "
                "could not select device driver with capabilities: [[gpu]]. The service needs none."
            )
        mounted, volumes = {}, []
        for mount in (*host.pop("Mounts", ()), *map(places.of_bind, host.pop("Binds", ()))):
            source = str(mount.get("Source") or "")
            if mount.get("Type") == "bind":
                plain = source.removeprefix(f"{HERE}/")
                if not source.startswith(f"{HERE}/") or plain not in files:
                    raise permitted.refused(
                        file, f"a mount of {plain[:60]!r}", "it isn't a file of the exercise"
                    )
                mounted[mount["Target"]] = plain
            else:
                volumes.append(mount)
        logging.review(host.get("LogConfig") or {}, file)
        config = {
            key: value
            for key, value in body.items()
            if key in rules.CONFIG_WRITTEN - {"Labels"} and value not in (None, [], "", False)
        }
        return cls(
            *(name, host, config, body.get("Labels") or {}, file, mounted),
            frozenset(places.on_disk(volumes, declared)),
            tuple(places.bounded(mount, declared) for mount in volumes),
            files,
        )

    @property
    def sandboxed(self) -> dict[str, Any]:
        """The HostConfig to run with: the service's own, capped where the sandbox has to, and the
        files that are put into it. Raises NotInLab for a capability beyond Docker's own set,
        LearnerFault for what the engine would refuse to start."""
        permitted.refuse_capabilities(self.host, self.file)
        return self.with_default_capabilities

    @property
    def with_default_capabilities(self) -> dict[str, Any]:
        """As ``sandboxed``; capabilities beyond Docker's own aren't granted, so whoever uses this
        judges the request itself."""
        permitted.refuse_as_the_engine(self.host, self.file)
        host = permitted.capped(self.host)
        host.pop("LogConfig", None)
        if "CapAdd" in host:
            asked = {capability.plain(name) for name in host["CapAdd"]}
            granted = capability.DEFAULT if "ALL" in asked else asked & capability.DEFAULT
            host["CapAdd"] = sorted(granted)
        host["Mounts"] = list(self.volumes)
        host["Tmpfs"] = {path: places.sized(how) for path, how in (host.get("Tmpfs") or {}).items()}
        host[FILES] = {path: self.contents[name] for path, name in self.mounted.items()}
        return host

    def asked(self, *keys: str) -> Evidence:
        """What Compose asks the engine for, as docker inspect would print it."""
        return permitted.receipt(self.host, keys or sorted(self.host))
