"""The docker CLI, and its plugins as programs of their own: through the CLI, which asks every
plugin first what it is, one call costs more than twice as much."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
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


@functools.cache
def buildx_version() -> str:
    """Raises EngineError when it isn't installed."""
    return _version([*buildx(), "version"])


@functools.cache
def compose_version() -> str:
    """Raises GraderError when it isn't installed: the docker CLI alone knows no Compose."""
    version = _version([*compose(), "version", "--short"])
    if not version:
        raise GraderError("Docker Compose is missing: ./lab setup installs it or says how.")
    return version


def _version(command: list[str]) -> str:
    """The version that a program prints, empty where it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    found = re.search(r"v?(\d+\.\d+\.\d+)", done.stdout)
    return found[1] if found and not done.returncode else ""


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
