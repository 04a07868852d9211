"""Which system this is, and the next step on it where nothing can be installed for the user."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

OS_RELEASE = Path("/etc/os-release")


@dataclass(frozen=True)
class System:
    """``id`` and ``codename`` as in os-release; ``kind`` is Linux, Darwin or Windows."""

    kind: str
    id: str
    codename: str
    version: str
    is_wsl: bool

    @property
    def installs(self) -> bool:
        """Whether an engine can be installed from the system's own archive."""
        return self.id in ("debian", "ubuntu")


def detect(os_release: Path = OS_RELEASE) -> System:
    """Read what this system is."""
    fields: dict[str, str] = {}
    if os_release.is_file():
        pairs = (line.partition("=") for line in os_release.read_text().splitlines())
        fields = {key: value.strip("\"'") for key, _, value in pairs}
    return System(
        kind=platform.system(),
        id=fields.get("ID", ""),
        codename=fields.get("VERSION_CODENAME", ""),
        version=fields.get("VERSION_ID", ""),
        is_wsl="microsoft" in platform.release().lower(),
    )


def advice(system: System) -> str:
    """The exact next step for a person on this system who has no engine."""
    if system.kind == "Darwin":
        return (
            "Install Docker Desktop (brew install --cask docker) or Colima "
            "(brew install colima docker docker-buildx docker-compose && colima start), start it, "
            "then run ./lab start again."
        )
    if system.kind == "Windows":
        return "Install Docker Desktop and WSL 2 (wsl --install), then run ./lab start inside WSL."
    if system.is_wsl:
        return (
            "Start Docker Desktop and switch on its WSL integration for this distribution "
            "(Settings, Resources, WSL integration), then run ./lab start again."
        )
    if system.installs:
        return "Run ./lab setup as root or with sudo: it installs an engine from the archive."
    if system.id in ("fedora", "rhel", "centos", "rocky", "almalinux"):
        return (
            "Install an engine: sudo dnf install moby-engine docker-buildx docker-compose && "
            "sudo systemctl enable --now docker, then run ./lab start again."
        )
    if system.id == "arch":
        return (
            "Install an engine: sudo pacman -S docker docker-buildx docker-compose && "
            "sudo systemctl enable --now docker, then run ./lab start again."
        )
    return "Install Docker Engine 25 or newer with buildx and compose, then run ./lab start again."
