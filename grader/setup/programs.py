"""The programs on this machine that talk to an engine: the docker command line, buildx, Compose.

``./lab check`` needs all three, so one that is missing or too old means "not ready".
"""

from __future__ import annotations

import contextlib

from grader.engine import cliplugins
from grader.setup import platform as systems
from grader.setup.finding import Finding, number
from grader.verdict.outcome import EngineError, GraderError

OLDEST_BUILDX = (0, 10, 0)
"""The first with --provenance, which builds here switch off."""
OLDEST_COMPOSE = (2, 0, 0)


def look() -> list[Finding]:
    """What is found of them."""
    return [_docker(), _buildx(), _compose()]


def _docker() -> Finding:
    try:
        return Finding("docker cli", "ok", cliplugins.docker())
    except GraderError:
        return Finding("docker cli", "missing", "not installed", _how_to_install())


def _buildx() -> Finding:
    with contextlib.suppress(EngineError):
        version = cliplugins.buildx_version()
        if version and number(version) < OLDEST_BUILDX:
            return Finding("buildx", "missing", f"{version}; 0.10 is needed", _how_to_install())
        return Finding("buildx", "ok", version or "present")
    return Finding("buildx", "missing", "not installed", _how_to_install())


def _compose() -> Finding:
    with contextlib.suppress(GraderError):
        version = cliplugins.compose_version()
        if number(version) < OLDEST_COMPOSE:
            return Finding("compose", "missing", f"{version}; 2.0 is needed", _how_to_install())
        return Finding("compose", "ok", version)
    return Finding("compose", "missing", "not installed", _how_to_install())


def _how_to_install() -> str:
    return systems.advice(systems.detect())
