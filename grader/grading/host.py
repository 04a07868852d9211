"""The host as verdicts see it: the facts of its engine and the ids of the lab's images on it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from grader.engine import buildgroup
from grader.engine.bases import BASES, stage_tag
from grader.engine.client import Engine
from grader.engine.client.call import Refused
from grader.grading.provenance import IMAGES

REPORTED = ("version", "api", "cgroup", "runtime", "store")
KEYED = ("arch", "swap", "cpus", "rootless", "cpu_limits")


def facts(engine: Engine) -> dict[str, Any]:
    """What a report says of the engine. Raises EngineError."""
    known = asdict(engine.facts)
    limited = buildgroup.available(engine.facts.cgroup_driver)
    return {
        **{key: known[key] for key in REPORTED},
        "gpu": "nvidia" if known["gpu"] else "simulated",
        "build_network": "none",
        "build_limits": "cgroup" if limited else "none",
    }


def dependencies(engine: Engine) -> dict[str, Any]:
    """The same with all else that a verdict depends on (see ``provenance``). Raises EngineError."""
    known = asdict(engine.facts)
    images = {name: _identity(engine, name) for name in sorted({*BASES.values(), stage_tag()})}
    return {**facts(engine), **{key: known[key] for key in KEYED}, IMAGES: images}


def _identity(engine: Engine, image: str) -> str | None:
    try:
        return str(engine.image(image)["Id"])
    except Refused:
        return None
