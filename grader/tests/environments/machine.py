"""A whole machine with systemd and control groups of version 2: Debian in user-mode Linux.

It needs no KVM. What it runs are jobs: shell commands that lie in a folder which it shares with
this machine, and whose output comes back the same way.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.exercise import project
from grader.setup.step import call, step
from grader.tests.environments import rootfs

MEMORY = "5G"
DISK = "14G"
BOOT_SECONDS = 300.0
JOB_SECONDS = 7200.0
PROJECT = "/srv/drydock"
NOT_TAKEN = (".git", ".venv", ".drydock", "workspace", "__pycache__", ".mypy_cache", ".ruff_cache")
APT = """\
Dir::Etc::sourcelist "{apt}/sources.list";
Dir::Etc::sourceparts "{apt}/empty";
Dir::Etc::preferencesparts "{apt}/empty";
Dir::State::lists "{apt}/lists";
Dir::State::status "/dev/null";
Dir::Cache "{apt}/cache";
APT::Sandbox::User "root";
"""
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
KERNEL_SUITE = "sid"
"""Debian 12's user-mode Linux (6.1) doesn't run on every processor."""
MAKE_VENV = f"""
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader("lab", "{PROJECT}/lab")
lab = importlib.util.module_from_spec(importlib.util.spec_from_loader("lab", loader))
loader.exec_module(lab)
sys.exit(lab.make_venv(True))
"""
FILES: Mapping[str, str] = {
    "etc/docker/daemon.json": (
        '{"iptables": false, "ip6tables": false, "storage-driver": "overlay2"}\n'
    ),
    "etc/modules-load.d/docker.conf": "bridge\noverlay\nveth\ntun\nfuse\n",
    "etc/fstab": "/dev/root / auto defaults,noatime 0 0\n",
    "usr/local/sbin/run-jobs": r"""#!/bin/bash
place=$(grep -o 'jobs=[^ ]*' /proc/cmdline | cut -d= -f2)
mkdir -p /share
mount -t hostfs none /share -o hostfs="$place"
while sleep 1; do
    for job in /share/*.sh; do
        [ -f "$job" ] || continue
        mv "$job" "$job.running"
        bash "$job.running" > "${job%.sh}.out" 2>&1
        echo $? > "${job%.sh}.rc"
    done
done
""",
    "etc/systemd/system/run-jobs.service": (
        "[Service]\nExecStart=/usr/local/sbin/run-jobs\nEnvironment=HOME=/root\nDelegate=yes\n"
        "[Install]\nWantedBy=multi-user.target\n"
    ),
}
"""What the root file system gets in addition."""


@dataclass(frozen=True)
class Machine:
    """A machine that runs; ``share`` is the folder between it and this one."""

    share: Path
    process: subprocess.Popen[bytes]

    def run(self, command: str, seconds: float = JOB_SECONDS) -> tuple[int, str]:
        """(exit code, output) of a command, as root. Raises RuntimeError where it doesn't end."""
        job = self.share / f"job-{secrets.token_hex(6)}"
        job.with_suffix(".new").write_text(f"{command}\n")
        job.with_suffix(".new").rename(job.with_suffix(".sh"))
        deadline = time.monotonic() + seconds
        result = job.with_suffix(".rc")
        while not (result.exists() and result.stat().st_size):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The machine did not end a job: {command[:200]}")
            time.sleep(0.5)
        output = job.with_suffix(".out").read_text(encoding="utf-8", errors="replace")
        return int(result.read_text()), output


def kernel(folder: Path) -> Path:
    """User-mode Linux of ``KERNEL_SUITE``, unpacked below ``folder``; nothing is installed."""
    place, apt = folder / "uml", folder / "uml-apt"
    if (place / "usr/bin/linux.uml").exists():
        return place
    for part in ("lists/partial", "cache/archives/partial", "empty"):
        (apt / part).mkdir(parents=True, exist_ok=True)
    place.mkdir(exist_ok=True)
    source = f"deb [signed-by={KEYRING}] {rootfs.uri()} {KERNEL_SUITE} main\n"
    (apt / "sources.list").write_text(source)
    (apt / "apt.conf").write_text(APT.format(apt=apt))
    environment = {"APT_CONFIG": str(apt / "apt.conf")}
    failure = "User-mode Linux can't be had."
    with step("Fetching user-mode Linux"):
        call(["apt-get", "-q", "update"], failure=failure, environment=environment)
        fetch = f"cd {place} && apt-get -q download user-mode-linux && dpkg -x *.deb ."
        call(["sh", "-c", fetch], failure=failure, environment=environment)
    return place


def image(suite: str, folder: Path, bundle: Path) -> Path:
    """A disk with ``suite``, the project as it lies here, its packages, and the lab's images."""
    wanted = (project.ROOT / "requirements.txt").read_bytes()
    packages = hashlib.sha256(wanted).hexdigest()[:8]
    disk = folder / f"{suite}-{packages}-{bundle.stem}.img"
    if disk.exists():
        return disk
    for old in folder.glob(f"{suite}-*.img"):
        old.unlink()
    root = rootfs.make(suite, folder)
    modules = kernel(folder) / "usr/lib/uml/modules"
    with step("Writing the machine's disk"):
        shutil.copytree(modules, root / "lib/modules", dirs_exist_ok=True)
        call(["chroot", root, "depmod", next(modules.iterdir()).name], failure="depmod failed.")
        for name, content in FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        (root / "usr/local/sbin/run-jobs").chmod(0o755)
        failure = "The machine's services can't be set up."
        call(["chroot", root, "systemctl", "-q", "enable", "run-jobs"], failure=failure)
        shutil.copyfile(bundle, root / "srv/lab.tar")
        user = "id learner 2>/dev/null || useradd -m -s /bin/bash learner"
        call(["chroot", root, "sh", "-c", user], failure=failure)
        _install_packages(root)
        made = disk.with_suffix(".new")
        options = ["-q", "-F", "-t", "ext4", "-E", "lazy_itable_init=1", "-d", str(root)]
        call(["mke2fs", *options, str(made), DISK], failure="The disk can't be written.")
        made.rename(disk)
    return disk


def _install_packages(root: Path) -> None:
    """The project's Python packages: the machine has no network of its own."""
    place = root / PROJECT.lstrip("/")
    place.mkdir(parents=True, exist_ok=True)
    for name in ("lab", "requirements.txt"):
        shutil.copyfile(project.ROOT / name, place / name)
    (place / "grader").mkdir(exist_ok=True)
    inside = (
        f"mount --bind /proc {root}/proc; mount --bind /dev {root}/dev\n"
        f'exec chroot {root} env -u PIP_FIND_LINKS HOME=/root python3 -c "$1"'
    )
    command = ["unshare", "--mount", "bash", "-c", inside, "inside", MAKE_VENV]
    call(command, failure="The project's packages can't be installed there.")


@contextlib.contextmanager
def boot(suite: str, folder: Path, bundle: Path) -> Iterator[Machine]:
    """A machine with a fresh copy of the disk and of the project, until the block is left."""
    disk, uml = image(suite, folder, bundle), kernel(folder)
    with tempfile.TemporaryDirectory(prefix="machine-", dir=folder) as place:
        share = Path(place) / "share"
        share.mkdir()
        _pack(share / "project.tar")
        process = _start(folder / suite, uml, disk, Path(place), share)
        machine = Machine(share, process)
        try:
            with step("Starting a machine with control groups of version 2"):
                machine.run("systemctl is-system-running --wait || true", BOOT_SECONDS)
                unpack = f"mkdir -p {PROJECT} && tar -C {PROJECT} -xf /share/project.tar"
                machine.run(unpack, BOOT_SECONDS)
            yield machine
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _start(root: Path, uml: Path, disk: Path, place: Path, share: Path) -> subprocess.Popen[bytes]:
    """The kernel's binary needs that release's C library, so it runs in its root file system. What
    it says goes through a pipe: a console that is a file stalls it. The disk stays as it was
    written: changes go to a file of their own."""
    shared = place.parent
    inside = (
        f"set -e; mount --make-rprivate /; mkdir -p {root}{shared}\n"
        f"mount --bind /proc {root}/proc; mount --bind /dev {root}/dev\n"
        f"mount --bind /dev/shm {root}/dev/shm; mount --rbind {shared} {root}{shared}\n"
        f'exec chroot {root} env TMPDIR=/dev/shm {uml}/usr/bin/linux.uml "$@"'
    )
    arguments = [f"ubd0={place / 'changes'},{disk}", "root=/dev/ubda", "rootfstype=ext4", "rw"]
    arguments += [f"mem={MEMORY}", "con=null", "con0=null,fd:1", f"umid={place.name}"]
    arguments += [f"uml_dir={place}/", f"jobs={share}"]
    command = [
        "unshare",
        "--mount",
        "--fork",
        "--kill-child",
        "bash",
        "-c",
        inside,
        "inside",
        *arguments,
    ]
    log = (place / "log").open("wb")
    with log:
        cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log, start_new_session=True)
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=cat.stdin,
        stderr=cat.stdin,
        start_new_session=True,
    )
    assert cat.stdin
    cat.stdin.close()
    return process


def _pack(target: Path) -> None:
    """The project as it lies here, in one archive."""
    left_out = [f"--exclude={name}" for name in NOT_TAKEN]
    command = ["tar", "-C", str(project.ROOT), *left_out, "-cf", str(target), "."]
    call(command, failure="The project can't be packed.")
