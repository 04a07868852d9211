"""The environments by name: how each is made ready, and how the course is graded there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from grader.exercise import project
from grader.setup import images
from grader.setup.step import call, step
from grader.tests.environments import daemon, machine, rootfs
from grader.tests.environments.machine import PROJECT, Machine

NEWEST, WITH_SYSTEMD = "sid", "trixie"
BUNDLE = "/srv/lab.tar"
COURSE = "grader.tests.environments.course"
EXERCISE, ANSWER = "nonroot_user", "solutions/01_security/nonroot_user"
COULD_NOT_GRADE = 3
USER_RUNTIME = "/run/user/1000"
AS_LEARNER = (
    f"runuser -u learner -- env HOME=/home/learner XDG_RUNTIME_DIR={USER_RUNTIME} "
    f"DBUS_SESSION_BUS_ADDRESS=unix:path={USER_RUNTIME}/bus "
    "PATH=/usr/share/docker.io/contrib:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
)
ROOTLESS = f"unix://{USER_RUNTIME}/docker.sock"
START_ROOTLESS = f"""
set -e
loginctl enable-linger learner
while [ ! -S {USER_RUNTIME}/bus ]; do sleep 0.2; done
cp -r {PROJECT} /home/learner/drydock && chown -R learner /home/learner/drydock
{AS_LEARNER} systemd-run --user --unit=rootless -p Delegate=yes -p KillMode=mixed \\
    --setenv=PATH="/usr/share/docker.io/contrib:/usr/sbin:/sbin:/usr/bin:/bin" \\
    dockerd-rootless.sh --iptables=false --ip6tables=false --storage-driver=overlay2
for _ in $(seq 120); do
    docker -H {ROOTLESS} info > /dev/null 2>&1 && break
    sleep 0.5
done
cd /home/learner/drydock && {AS_LEARNER} DOCKER_HOST={ROOTLESS} ./lab setup --yes --bundle {BUNDLE}
"""
"""The session's bus is needed: without it the engine can't limit anything."""

Runner = Callable[[str], tuple[int, str]]
"""Grades the course with these words of ``course``: (exit code, output)."""


def bundle(folder: Path) -> Path:
    """The lab's images of this machine's engine in one file; a new one where they have changed."""
    known = "\n".join([images.version(), *images.all_tags()])
    path = folder / f"lab-{hashlib.sha256(known.encode()).hexdigest()[:8]}.tar"
    if not path.exists():
        for old in folder.glob("lab-*.tar"):
            old.unlink()
        images.save(path)
    return path


def _here(environment: Mapping[str, str], *command: str) -> tuple[int, str]:
    done = subprocess.run(
        command,
        env={**os.environ, **environment},
        cwd=project.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@contextlib.contextmanager
def newest(folder: Path, *, containerd_store: bool) -> Iterator[Runner]:
    """Debian sid's engine, on this machine's kernel."""
    root = rootfs.make(NEWEST, folder)
    place = folder / f"newest-{'containerd' if containerd_store else 'overlay2'}"
    with daemon.engine(root, place, containerd_store=containerd_store) as address:
        settings = {"DOCKER_HOST": address, "HOME": str(rootfs.home(root))}
        with step("Loading the lab's images"):
            load = ["docker", "load", "-i", str(bundle(folder))]
            call(load, failure="The images can't be loaded.", environment=settings)
            setup = [str(project.ROOT / "lab"), "setup", "--yes"]
            call(setup, failure="The lab can't be set up.", environment=settings)
        yield lambda words: _here(settings, sys.executable, "-m", COURSE, *words.split())


@contextlib.contextmanager
def podman(folder: Path) -> Iterator[Runner]:
    """Podman's service: doctor and check refuse it, alike and with exit code 3. The runner's exit
    code says whether they did."""
    with daemon.podman(rootfs.make(WITH_SYSTEMD, folder), folder / "podman") as address:

        def run(_: str) -> tuple[int, str]:
            settings = {"DOCKER_HOST": address}
            lab = str(project.ROOT / "lab")
            code, examined = _here(settings, lab, "doctor", "--json")
            answered, said = _here(
                settings, lab, "check", EXERCISE, "--submission", ANSWER, "--json"
            )
            report = json.loads(said)
            told = report.get("error") or report["checks"][0]["message"]
            refused = code == answered == COULD_NOT_GRADE and "Podman" in told
            return (0 if refused and "Podman" in examined else 1), f"{told}\n"

        yield run


def _set_up(started: Machine, *commands: str) -> None:
    with step("Setting the project up there"):
        for command in commands:
            code, output = started.run(command)
            if code:
                raise RuntimeError(output[-1500:])


@contextlib.contextmanager
def systemd(folder: Path) -> Iterator[Runner]:
    """A machine with systemd and control groups of version 2."""
    with machine.boot(WITH_SYSTEMD, folder, bundle(folder)) as started:
        _set_up(started, f"cd {PROJECT} && ./lab setup --yes --bundle {BUNDLE}")
        line = f"cd {PROJECT} && PYTHONPATH=. .venv/bin/python -m {COURSE} --at-once=1"
        yield lambda words: started.run(f"{line} {words}")


@contextlib.contextmanager
def rootless(folder: Path) -> Iterator[Runner]:
    """The same machine, with an engine of a user's own."""
    with machine.boot(WITH_SYSTEMD, folder, bundle(folder)) as started:
        _set_up(started, "systemctl stop docker.socket docker", START_ROOTLESS)
        line = f"cd /home/learner/drydock && {AS_LEARNER} DOCKER_HOST={ROOTLESS} PYTHONPATH=. "
        line += f".venv/bin/python -m {COURSE} --at-once=1"
        yield lambda words: started.run(f"{line} {words}")


ENVIRONMENTS: Mapping[str, Callable[[Path], contextlib.AbstractContextManager[Runner]]] = {
    "newest-overlay2": lambda folder: newest(folder, containerd_store=False),
    "newest-containerd": lambda folder: newest(folder, containerd_store=True),
    "cgroup2": systemd,
    "rootless": rootless,
    "podman": podman,
}
REFUSED = frozenset({"podman"})
"""Where the right thing is that nothing is graded."""
