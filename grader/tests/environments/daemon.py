"""A dockerd, or Podman's service, of a root file system: in namespaces of its own, on this kernel.

A second engine on the same bridge would take ``docker0`` away from the first one; and in a mere
chroot ``docker exec`` and ``docker load`` fail, so the root is changed for good.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

START_SECONDS = 60.0
INSIDE = r"""
set -e
ip link set lo up
mount --make-rprivate /
for place in /proc /sys /dev "$shared"; do
    mkdir -p "$root$place"
    mount --rbind "$place" "$root$place"
done
mount --bind "$root" "$root"
cd "$root"
mkdir -p oldroot
for place in proc sys dev "${shared#/}"; do mount --rbind "/$place" "./$place"; done
mount -t tmpfs none run
mkdir -p run/lock
pivot_root . oldroot
cd /
umount -l /oldroot
exec env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
"""
"""Becomes a program of another root file system: ``root`` and ``shared`` come as variables."""


@contextlib.contextmanager
def engine(root: Path, folder: Path, *, containerd_store: bool) -> Iterator[str]:
    """The address of that root's dockerd, which keeps its data in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    socket, settings = folder / "docker.sock", folder / "daemon.json"
    settings.write_text(json.dumps({"features": {"containerd-snapshotter": containerd_store}}))
    command = [
        "dockerd",
        f"--config-file={settings}",
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'run'}",
        f"--pidfile={folder / 'pid'}",
        f"--host=unix://{socket}",
    ]
    with _running(root, folder, socket, command) as address:
        yield address


@contextlib.contextmanager
def podman(root: Path, folder: Path) -> Iterator[str]:
    """The address of Podman's service that speaks Docker's API."""
    folder.mkdir(parents=True, exist_ok=True)
    socket = folder / "podman.sock"
    command = ["podman", f"--root={folder / 'data'}", f"--runroot={folder / 'run'}"]
    command += ["--cgroup-manager=cgroupfs", "system", "service", "--time=0", f"unix://{socket}"]
    with _running(root, folder, socket, command) as address:
        yield address


@contextlib.contextmanager
def _running(root: Path, folder: Path, socket: Path, command: Sequence[str]) -> Iterator[str]:
    for left in (socket, folder / "pid"):
        left.unlink(missing_ok=True)
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            ["unshare", "--net", "--mount", "--fork", "bash", "-c", INSIDE, "inside", *command],
            env={"PATH": os.environ["PATH"], "root": str(root), "shared": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await(socket, process, folder / "log")
        yield f"unix://{socket}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _await(socket: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    """Raises RuntimeError with the end of the log when it doesn't come up."""
    deadline = time.monotonic() + START_SECONDS
    ask = ["curl", "-sf", "--unix-socket", str(socket), "http://engine/_ping"]
    while subprocess.run(ask, capture_output=True, check=False).returncode:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The engine did not start: {log.read_text()[-1500:]}")
        time.sleep(0.2)
