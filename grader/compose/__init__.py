"""A learner's compose file: reviewed as data, then understood by Compose itself.

Compose is given what passed the review, written out by us, in an empty folder and a clean
environment, against the endpoint that only records: what it would ask the engine for is what gets
checked and run.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from grader.answer import capture, document
from grader.compose import review
from grader.compose.service import Service
from grader.engine import cliplugins
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

__all__ = ["ComposeFile", "Service", "logging", "project", "read"]

FILE = "compose.yaml"
LABEL = "com.docker.compose.service"


@dataclass(frozen=True)
class ComposeFile:
    """A compose file that passed the review: ``services`` as they may be handed to Compose."""

    name: str
    services: Mapping[str, Mapping[str, Any]]
    volumes: Mapping[str, Any]
    asked: Mapping[str, Any]
    """The services as the learner wrote them."""

    def service(self, name: str = "scorer") -> Service:
        """What Compose makes of one service. Raises LearnerFault, NotInLab or GraderError."""
        if name not in self.services:
            have = ", ".join(map(str, self.asked))
            raise LearnerFault(f"{self.name} has no service called {name}; it has {have}.")
        review.check_image(self.asked[name], name, self.name)
        kept = {key: value for key, value in self.services[name].items() if key != "depends_on"}
        body = _captured(self.written({name: kept}), f"{self.name}, service {name}")
        return Service.from_body(name, body, self.name)

    def written(self, services: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """A compose file of ours that holds these services, their images named by ``image``."""
        return {
            "name": "drydock",
            "services": {
                name: {"image": "scorer", "network_mode": "none", "pull_policy": "never"}
                | dict(service)
                for name, service in services.items()
            },
            "volumes": dict(self.volumes),
        }


def read(text: str, name: str = FILE, run: Collection[str] = ("scorer",)) -> ComposeFile:
    """Read a compose file and review the services that are to ``run``. Raises LearnerFault."""
    found = document.load(text, name)
    services = review.services(found, name, run)
    volumes: dict[str, Any] = {key: {} for key in found.get("volumes") or {}}
    return ComposeFile(name, services, volumes, found["services"])


def _captured(written: Mapping[str, Any], where: str) -> dict[str, Any]:
    bodies, said = capture.record(cliplugins.compose(), ("create",), {FILE: json.dumps(written)})
    if bodies:
        return bodies[0]
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reason = lines[-1] if lines else "no reason given"
    reason = reason.removeprefix(f"validating {FILE}: ").removeprefix(
        "Error response from daemon: "
    )
    raise LearnerFault(
        f"Compose refuses {where}: {reason}",
        Evidence("docker compose config", said[:800], "a compose file that docker compose accepts"),
    )
