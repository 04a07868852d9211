"""A learner's compose file: reviewed as data, then understood by Compose itself.

Compose is given what passed the review, written out by us, in a folder with the answer's own files
and a clean environment, against the endpoint that only records: what it would ask the engine for is
what gets checked and run.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from grader.answer import capture, document
from grader.compose import building, inline, resolution, review
from grader.compose.building import Building
from grader.compose.service import Service
from grader.engine import cliplugins
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

__all__ = ["Building", "ComposeFile", "Service", "logging", "project", "read"]

FILE = "compose.yaml"
LABEL = "com.docker.compose.service"
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class ComposeFile:
    """A compose file that passed the review: ``services`` as they may be handed to Compose."""

    name: str
    services: Mapping[str, Mapping[str, Any]]
    shared: Mapping[str, Any]
    """The top-level volumes, secrets and configs, as the learner wrote them."""
    asked: Mapping[str, Any]
    """The services as the learner wrote them."""
    files: Mapping[str, bytes] = field(repr=False)
    """What lies beside the compose file."""

    def service(self, name: str = "scorer") -> Service:
        """What Compose makes of one service. Raises LearnerFault, NotInLab or GraderError."""
        self.building(name)
        review.depends_on(self.asked, name, self.name)
        kept = {key: value for key, value in self.services[name].items() if key != "depends_on"}
        body = self._captured(self.written({name: kept}), f"{self.name}, service {name}")
        volumes = self.shared.get("volumes") or {}
        network = str(self.asked[name].get("network_mode") or "")
        made = Service.from_body(name, body, self.name, volumes, self.files, network)
        return replace(made, written=self.asked[name])

    def building(self, name: str = "scorer") -> Building | None:
        """How a service's image is built, where that differs from ``build: .``. Raises
        LearnerFault or NotInLab."""
        if name not in self.services:
            have = ", ".join(map(str, self.asked))
            raise LearnerFault(f"{self.name} has no service called {name}; it has {have}.")
        return building.read(self.asked[name], name, self.name, self.files)

    def written(self, services: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """A compose file of ours that holds these services, their images named by ``image``."""
        return {
            "name": "drydock",
            "services": {
                name: {
                    "image": "scorer",
                    "pull_policy": "never",
                    **service,
                    "network_mode": "none",
                }
                for name, service in services.items()
            },
            **self.shared,
        }

    def _captured(self, written: Mapping[str, Any], where: str) -> dict[str, Any]:
        files = {**self.files, FILE: json.dumps(written).encode()}
        bodies, said = capture.record(cliplugins.compose(), ("create",), files)
        if bodies:
            return bodies[0]
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        reason = lines[-1] if lines else "nothing, as if it had no service to start"
        reason = reason.removeprefix(f"validating {FILE}: ").removeprefix(
            "Error response from daemon: "
        )
        raise LearnerFault(
            f"Compose refuses {where}: {reason}"
            if lines
            else f"Compose starts nothing for {where}: look at replicas, scale and profiles.",
            Evidence(
                "docker compose config", said[:800], "a compose file that docker compose accepts"
            ),
        )


def read(
    text: str,
    name: str = FILE,
    run: Collection[str] = ("scorer",),
    *,
    files: Mapping[str, bytes] = NOTHING,
    sysctls: Mapping[str, str] = NOTHING,
) -> ComposeFile:
    """Read a compose file and review the services that are to ``run``.

    ``files`` lie beside it, ``sysctls`` are the exercise's own. Raises LearnerFault, and NotInLab
    for what the lab can't take.
    """
    found = document.load(text, name, of_compose=True)
    found = resolution.resolved(found, text, name, files)
    found, files = inline.placed(found, name, files)
    services = review.services(found, name, run, files, sysctls)
    shared = {key: found[key] for key in ("volumes", "secrets", "configs") if found.get(key)}
    return ComposeFile(name, services, shared, found["services"], files)
