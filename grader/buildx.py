"""Which buildx is called, and the environment it gets: nothing of the caller's own."""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path

from grader import engine
from grader.outcome import EngineError

_PLUGINS = (
    "~/.docker/cli-plugins",
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/Applications/Docker.app/Contents/Resources/cli-plugins",
)


def plugin_folders() -> list[Path]:
    """Where the docker CLI's plugins may lie."""
    return [Path(folder).expanduser() for folder in _PLUGINS]


@functools.cache
def command() -> tuple[str, ...]:
    """buildx itself: as a program of its own it starts faster than through the docker CLI.

    Raises EngineError when it isn't installed.
    """
    for folder in plugin_folders():
        path = folder / "docker-buildx"
        if os.access(path, os.X_OK):
            return (str(path),)
    if path_found := shutil.which("docker-buildx"):
        return (path_found,)
    raise EngineError("buildx is missing: ./lab setup installs it or says how. Nothing was scored.")


def environment(folder: Path) -> dict[str, str]:
    """A clean environment: the engine's address, and a configuration folder of its own, so that
    no credentials and no builder of the user's are used."""
    address = engine.address()
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "DOCKER_CONFIG": str(folder / "config"),
        "BUILDX_BUILDER": "default",
        "BUILDKIT_COLORS": "",
        "NO_COLOR": "1",
        **({"DOCKER_HOST": address} if address else {}),
    }
