"""A second, throw-away engine beside the real one, for tests in which an engine has to die, or to
be set up in another way.

It has folders and a network namespace of its own (an engine that starts without a bridge deletes
the ``docker0`` of its namespace); the lab's images are copied into it, once for all tests that
share its folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 30.0


@dataclass
class SpareEngine:
    """A running dockerd. ``address`` is what DOCKER_HOST takes."""

    address: str
    process: subprocess.Popen[bytes]
    command: Sequence[str]
    log: Path

    def kill(self) -> None:
        """SIGKILL, as the kernel's OOM killer would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> None:
        """SIGTERM, as an administrator's restart begins."""
        self.process.send_signal(signal.SIGTERM)

    def restart(self) -> None:
        """Start it again on what it left, as an administrator would after a crash."""
        self.process.wait()
        (self.log.parent / "pid").unlink(missing_ok=True)
        self.process = _start(self.command, self.log)
        _wait_until_it_answers(self)


@contextlib.contextmanager
def engine(
    folder: Path, images: Sequence[str], *, containerd_store: bool = False
) -> Iterator[SpareEngine]:
    """Start a dockerd in ``folder`` with ``images`` of the main engine; end it afterwards.

    What an engine before left in the folder is used again, but for its containers. Raises
    RuntimeError with the end of its log when it doesn't come up.
    """
    dockerd = shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if dockerd is None:
        raise RuntimeError("dockerd isn't installed here: ./lab setup installs it on Debian.")
    socket = folder / "docker.sock"
    settings = folder / "daemon.json"
    settings.write_text(json.dumps({"features": {"containerd-snapshotter": containerd_store}}))
    command = [
        "unshare",
        "--net",
        dockerd,
        f"--config-file={settings}",
        f"--host=unix://{socket}",
        f"--data-root={folder / 'data'}",
        f"--exec-root={folder / 'run'}",
        f"--pidfile={folder / 'pid'}",
        "--bridge=none",
        "--iptables=false",
        "--ip-masq=false",
    ]
    spare = SpareEngine(
        f"unix://{socket}", _start(command, folder / "log"), command, folder / "log"
    )
    try:
        _wait_until_it_answers(spare)
        _remove_containers(spare.address)
        _copy_images(spare.address, images)
        yield spare
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(spare.process.pid, signal.SIGTERM)
        try:
            spare.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(spare.process.pid, signal.SIGKILL)
        (folder / "pid").unlink(missing_ok=True)
        _end_what_runs(folder)
        _unmount(folder)


def _start(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


def _wait_until_it_answers(spare: SpareEngine) -> None:
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run(
        ["docker", "-H", spare.address, "version"], capture_output=True, check=False
    ).returncode:
        if spare.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The spare engine did not start: {spare.log.read_text()[-1500:]}")
        time.sleep(0.1)


def _remove_containers(address: str) -> None:
    listed = subprocess.run(
        ["docker", "-H", address, "ps", "-aq"], check=True, capture_output=True, text=True
    )
    if containers := listed.stdout.split():
        subprocess.run(
            ["docker", "-H", address, "rm", "-f", *containers], check=True, capture_output=True
        )


def _copy_images(address: str, images: Sequence[str]) -> None:
    missing = [
        image
        for image in images
        if subprocess.run(
            ["docker", "-H", address, "image", "inspect", image], capture_output=True, check=False
        ).returncode
    ]
    if not missing:
        return
    with subprocess.Popen(["docker", "save", *missing], stdout=subprocess.PIPE) as saved:
        subprocess.run(
            ["docker", "-H", address, "load"], stdin=saved.stdout, check=True, capture_output=True
        )


def _unmount(folder: Path) -> None:
    """A killed engine leaves its mounts, and with them a folder that can't be removed."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in reversed([mount for mount in mounts if mount.startswith(f"{folder}/")]):
        subprocess.run(["umount", "-l", mount], check=False, capture_output=True)


def _end_what_runs(folder: Path) -> None:
    """A killed engine leaves its containers running: end what belongs to this folder."""
    containers = [path.name.encode() for path in (folder / "data" / "containers").glob("*")]
    for path in list(Path("/proc").iterdir()):
        if not path.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            cgroup, command = (path / "cgroup").read_bytes(), (path / "cmdline").read_bytes()
            if str(folder).encode() in command or any(name in cgroup for name in containers):
                os.kill(int(path.name), signal.SIGKILL)
