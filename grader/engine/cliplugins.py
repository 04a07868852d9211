"""The docker CLI, and its plugins as programs of their own: through the CLI, which asks every
plugin first what it is, one call costs more than twice as much."""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path

from grader.engine import location
from grader.verdict.outcome import EngineError, GraderError

_FOLDERS = (
    "~/.docker/cli-plugins",
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/Applications/Docker.app/Contents/Resources/cli-plugins",
)
_SHORT_LIVED = {"GOGC": "off", "GOMEMLIMIT": "256MiB"}
"""Each call lives for a moment: garbage is collected only where there is much of it."""


def docker() -> str:
    """The CLI itself. Raises GraderError when it isn't installed."""
    if path := shutil.which("docker"):
        return path
    raise GraderError("The docker command line is missing: ./lab setup installs it.")


@functools.cache
def buildx() -> tuple[str, ...]:
    """The program. Raises EngineError when it isn't installed."""
    if path := _program("docker-buildx") or shutil.which("docker-buildx"):
        return (path,)
    raise EngineError("buildx is missing: ./lab setup installs it or says how. Nothing was scored.")


@functools.cache
def compose() -> tuple[str, ...]:
    """The program, or the docker CLI's way to it: a docker-compose on the PATH may be the old one.
    Raises as ``docker`` does when both are missing."""
    if path := _program("docker-compose"):
        return (path,)
    return (docker(), "compose")


def _program(name: str) -> str | None:
    for folder in _FOLDERS:
        path = Path(folder).expanduser() / name
        if os.access(path, os.X_OK):
            return str(path)
    return None


def environment(folder: Path) -> dict[str, str]:
    """A clean environment: the engine's address, and a configuration folder of its own, so that
    no credentials and no builder of the user's are used."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "DOCKER_CONFIG": str(folder / "config"),
        "BUILDX_BUILDER": "default",
        "BUILDX_GIT_INFO": "false",
        "BUILDKIT_COLORS": "",
        "NO_COLOR": "1",
        **_SHORT_LIVED,
        **location.environment(),
    }
