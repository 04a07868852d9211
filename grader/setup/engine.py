"""An engine that answers: found, started, or installed on Debian and Ubuntu."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from grader.engine import cliplugins
from grader.engine.client import Engine, connect
from grader.engine.unfit import OLDEST, Unfit
from grader.setup import archive, platform
from grader.setup.step import SetupError, call, privileged, step
from grader.verdict.outcome import EngineError, GraderError

START_SECONDS = 240.0
"""For an engine whose process lives: one with 38,000 records in its build cache took two minutes
before it listened (measured with 26.1.5)."""
POLL_SECONDS = 0.05
OPENING_SECONDS = 3.0
LOG = Path("/var/log/dockerd.log")
CGROUPS = Path("/sys/fs/cgroup")
FEWER_COLLECTIONS = {"GOGC": "300"}
"""An engine that starts and removes a container every second spends a fifth of its time on
collecting garbage. With this it needs a tenth less time and 40 MB more (measured with 26.1.5)."""


def ensure(*, may_install: bool) -> Engine:
    """An engine with the programs that talk to it. Raises SetupError with the next step on this
    machine."""
    engine = find()
    if engine is None:
        return _bring_up("No Docker Engine answers here", may_install=may_install)
    if lacking := lacks():
        return _bring_up(f"{lacking} is missing here", may_install=may_install)
    return engine


def find() -> Engine | None:
    """An engine that can be graded on; None where one may be installed or started instead. Raises
    SetupError where that wouldn't help."""
    try:
        engine = connect()
        _ = engine.facts
    except Unfit as error:
        if error.is_mendable:
            return None
        raise SetupError(f"{error.found} {error.advice}") from error
    except EngineError:  # it answers, and not every call as yet
        return None
    return engine


def _bring_up(problem: str, *, may_install: bool) -> Engine:
    system = platform.detect()
    if not system.installs:
        raise SetupError(f"{problem}. {platform.advice(system)}")
    if privileged(["true"]) is None:
        raise SetupError(
            f"{problem}, and installing or starting it takes root. "
            "Run sudo ./lab setup, or ask an administrator."
        )
    if _dockerd() is None or lacks() or _is_too_old():
        if not may_install and not _agreed(system, problem):
            raise SetupError(f"{problem}, and nothing was installed. ./lab setup --yes does.")
        install(system)
    if (engine := find()) is not None:
        return engine
    start()
    engine = find()
    if engine is None:
        raise SetupError(f"The engine was started and doesn't answer; its log is {LOG}.")
    return engine


def install(system: platform.System) -> None:
    """Install the engine's packages. Raises SetupError."""
    packages = ["docker.io", "docker-buildx", "docker-compose-v2", "iptables", "curl"]
    if system.id == "debian":
        packages = [*archive.PACKAGES, "runc", "iptables", "curl"]
        if system.codename == "bookworm":
            _add_archive(system.codename)
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    apt = privileged(["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]) or []
    with step("Reading the package lists"):
        call([*apt, "update"], failure="apt-get update failed.", environment=environment)
    with step("Installing the Docker Engine"):
        # policy-rc.d is not touched: where an init runs, the package starts the engine itself.
        call(
            [*apt, "install", "-y", "--no-install-recommends", *packages],
            failure="The Docker Engine can't be installed.",
            environment=environment,
        )
    cliplugins.buildx.cache_clear()
    cliplugins.compose.cache_clear()


def _add_archive(codename: str) -> None:
    source = archive.main_archive(codename)
    if source is None:
        raise SetupError(
            f"apt's sources on this machine don't name {codename}, so where Debian's archive lies "
            "isn't known. Install Docker Engine 25 or newer, then run ./lab setup again."
        )
    for path, text in (
        (archive.ADDED_SOURCE, archive.added_source(source)),
        (archive.ADDED_PIN, archive.added_pin()),
    ):
        _write_as_root(path, text)


def _write_as_root(path: Path, text: str) -> None:
    command = privileged(["tee", str(path)]) or []
    subprocess.run(command, input=text.encode(), stdout=subprocess.DEVNULL, check=True)


def start() -> None:
    """Start an installed engine and wait until it answers. Raises SetupError."""
    with step("Starting the Docker Engine"):
        if Path("/run/systemd/system").is_dir():
            command = privileged(["systemctl", "enable", "--now", "docker"]) or []
            call(command, failure="systemd can't start the engine: journalctl -u docker says why.")
            _wait(None)
        else:
            _wait(_start_without_init())


def _start_without_init() -> subprocess.Popen[bytes]:
    """dockerd in a session of its own, so that it outlives this terminal."""
    _mount_cgroups()
    leave_root_of_cgroups(CGROUPS)
    dockerd = _dockerd()
    command = privileged([dockerd]) if dockerd else None
    if command is None:
        raise SetupError("dockerd is not installed, or starting it takes root.")
    with LOG.open("ab") as log:
        return subprocess.Popen(
            command,
            env=FEWER_COLLECTIONS | os.environ,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait(process: subprocess.Popen[bytes] | None) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_up(patient=time.monotonic() < deadline - START_SECONDS + OPENING_SECONDS):
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > deadline:
            lines = LOG.read_text(errors="replace").splitlines()[-8:] if LOG.is_file() else []
            raise SetupError("The engine did not start.\n" + "\n".join(f"    {x}" for x in lines))
        time.sleep(POLL_SECONDS)


def _is_up(*, patient: bool) -> bool:
    """A new socket belongs to root alone for a moment, before the engine hands it to its group."""
    try:
        return find() is not None
    except SetupError:
        if patient:
            return False
        raise


def _mount_cgroups() -> None:
    """A bare machine without an init may have no control groups mounted."""
    if any(CGROUPS.iterdir()) or os.geteuid() != 0:
        return
    call(["mount", "-t", "cgroup2", "none", CGROUPS], failure="Control groups can't be mounted.")


def leave_root_of_cgroups(root: Path) -> None:
    """Let an engine that runs in a container give its containers limits.

    With cgroup version 2 a group that holds processes can't hand controllers to its children, and
    a container's processes are in the root that it sees. Only the host's own root has no
    ``cgroup.type``, and there it works anyway.
    """
    if not (root / "cgroup.type").is_file() or os.geteuid() != 0:
        return
    leaf = root / "init"
    with contextlib.suppress(OSError):  # what can't be had here, the engine's own log tells
        leaf.mkdir(exist_ok=True)
        for process in (root / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                (leaf / "cgroup.procs").write_text(process)
        for controller in (root / "cgroup.controllers").read_text().split():
            (root / "cgroup.subtree_control").write_text("+" + controller)


def _dockerd() -> str | None:
    return shutil.which("dockerd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def _is_too_old() -> bool:
    dockerd = _dockerd()
    if dockerd is None:
        return True
    text = call([dockerd, "--version"], failure="dockerd can't tell its version.")
    number = text.partition("version ")[2].partition(".")[0]
    return number.isdigit() and int(number) < OLDEST


def lacks() -> str:
    """The first of the docker CLI, buildx and Compose that isn't installed; empty when all are."""
    try:
        name = "the docker command line"
        cliplugins.docker()
        name = "buildx"
        cliplugins.buildx()
        name = "Compose"
        cliplugins.compose_version()
    except GraderError:
        return name
    return ""


def _agreed(system: platform.System, problem: str) -> bool:
    if not sys.stdin.isatty():
        return False
    origin = f" (from Debian {archive.SUITE})" if system.codename == "bookworm" else ""
    sys.stderr.write(f"{problem}. Install docker.io{origin} with apt-get? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
