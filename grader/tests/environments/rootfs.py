"""Root file systems of other Debian releases, with their own engine, clients and Podman."""

from __future__ import annotations

import shutil
from pathlib import Path

from grader.setup import archive, platform
from grader.setup.step import SetupError, call, step

PACKAGES = (
    *("systemd-sysv", "systemd-resolved", "udev", "dbus", "dbus-user-session", "libpam-systemd"),
    *("ca-certificates", "iproute2", "iptables", "kmod", "procps", "sudo", "git", "curl"),
    *("python3", "python3-venv", "uidmap", "slirp4netns", "rootlesskit", "fuse-overlayfs"),
    *("docker.io", "docker-cli", "docker-buildx", "docker-compose", "containerd", "runc"),
    *("podman", "passt", "crun"),
)
PLUGINS = ("docker-buildx", "docker-compose")
PLUGIN_FOLDER = "usr/libexec/docker/cli-plugins"
LIBRARIES = "lib/x86_64-linux-gnu:{root}/usr/lib/x86_64-linux-gnu"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def uri() -> str:
    """The Debian archive that this machine uses itself. Raises SetupError."""
    system = platform.detect()
    found = archive.main_archive(system.codename)
    if found is None or system.id != "debian":
        raise SetupError("Other environments are made on Debian, from its own archive.")
    return found.uri


def make(suite: str, folder: Path) -> Path:
    """The root file system of ``suite`` below ``folder``, made where it isn't there yet."""
    root = folder / suite
    if (root / "usr/bin/dockerd").exists() or (root / "usr/sbin/dockerd").exists():
        return root
    with step(f"Making a root file system of Debian {suite}"):
        if root.exists():
            shutil.rmtree(root)
        call(
            [
                "mmdebstrap",
                "--variant=apt",
                "--components=main",
                '--aptopt=Acquire::Check-Valid-Until "false"',
                '--aptopt=Acquire::Check-Date "false"',
                f"--include={','.join(PACKAGES)}",
                suite,
                root,
                uri(),
            ],
            failure=f"Debian {suite} can't be had.",
        )
        for path in (CERTIFICATES, Path("/etc/resolv.conf")):
            target = root / path.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            shutil.copyfile(path, target)
    return root


def home(root: Path) -> Path:
    """A home folder whose docker CLI plugins are those of ``root``, with its own C library: this
    machine's may be too old for them."""
    place = root.with_name(f"{root.name}-home")
    plugins = place / ".docker" / "cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    loader = root / "lib64/ld-linux-x86-64.so.2"
    libraries = f"{root}/{LIBRARIES.format(root=root)}"
    for name in PLUGINS:
        path = plugins / name
        program = root / PLUGIN_FOLDER / name
        path.write_text(f'#!/bin/sh\nexec {loader} --library-path {libraries} {program} "$@"\n')
        path.chmod(0o755)
    return place
