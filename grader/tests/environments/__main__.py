"""``./lab test --environment NAME``: the course in another environment, and a row about it."""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from grader.exercise import project
from grader.setup import images
from grader.setup.step import SetupError, call, step
from grader.tests.environments import daemon, machine, rootfs

DOCUMENT = project.ROOT / "docs" / "environments.md"
NEWEST, WITH_SYSTEMD = "sid", "trixie"
SET_UP = "./lab setup --yes --bundle /srv/lab.tar"
ROOTLESS = "runuser -l learner -c "

Runner = Callable[[str], tuple[int, str]]
"""Runs a command line in the project's folder there: (exit code, output)."""


def main() -> int:
    """Exit code 0 when all is right there, 1 otherwise, 3 when it can't be made."""
    parser = argparse.ArgumentParser(prog="./lab test --environment")
    parser.add_argument("name", choices=sorted(ENVIRONMENTS))
    parser.add_argument("--only", default="", help="exercises, with commas")
    parser.add_argument("--variants", action="store_true", help="their variants as well")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    folder = project.state() / "environments"
    folder.mkdir(parents=True, exist_ok=True)
    words = ["--variants"] if options.variants else []
    words += [f"--only={options.only}"] if options.only else []
    words += [f"--rounds={options.rounds}"]
    try:
        with ENVIRONMENTS[options.name](folder) as run:
            code, output = run(" ".join(words))
    except (SetupError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    sys.stderr.write(output)
    try:
        found = json.loads(output.strip().splitlines()[-1])
    except (ValueError, IndexError):
        sys.stderr.write("The course wasn't graded there to its end: no row is written.\n")
        return 3
    record(options.name, " ".join(words), found)
    return code


def record(name: str, what: str, found: Mapping[str, Any]) -> None:
    """Add a row to the table of ``docs/environments.md``, which is that document's last part."""
    counts = found["right"]
    right = ", ".join(f"{counts.get(kind, 0)} of {n} {kind}s" for kind, n in found["asked"].items())
    rest = [f"skipped: {', '.join(found['skipped'])}"] if found["skipped"] else []
    rest += [f"**wrong: {', '.join(found['wrong'])}**"] if found["wrong"] else []
    cells = [
        datetime.datetime.now(datetime.UTC).date().isoformat(),
        name,
        f"{found['engine']}, {found['store']}, cgroup v{found['cgroup']}",
        f"`{what}`" if what != "--rounds=1" else "the course",
        "; ".join([right, *rest]),
    ]
    with DOCUMENT.open("a", encoding="utf-8") as document:
        document.write(f"| {' | '.join(cells)} |\n")


def _bundle(folder: Path) -> Path:
    """The lab's images of this machine's engine in one file."""
    path = folder / "lab.tar"
    if not path.exists():
        images.save(path)
    return path


def _here(environment: Mapping[str, str], words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "grader.tests.environments.course", *words.split()]
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
def _newest(folder: Path, *, containerd_store: bool) -> Iterator[Runner]:
    root = rootfs.make(NEWEST, folder)
    place = folder / f"newest-{'containerd' if containerd_store else 'overlay2'}"
    with daemon.engine(root, place, containerd_store=containerd_store) as address:
        settings = {"DOCKER_HOST": address, "HOME": str(rootfs.home(root))}
        with step("Loading the lab's images"):
            load = ["docker", "load", "-i", str(_bundle(folder))]
            call(load, failure="The images can't be loaded.", environment=settings)
        yield lambda words: _here(settings, words)


@contextlib.contextmanager
def _systemd(folder: Path, before: str = "true", prefix: str = "") -> Iterator[Runner]:
    """The course inside of a machine; ``before`` is run there first, ``prefix`` before each."""
    with machine.boot(WITH_SYSTEMD, folder, _bundle(folder)) as started:
        with step("Setting the project up there"):
            for command in (f"cd {machine.PROJECT} && {SET_UP}", before):
                code, output = started.run(command)
                if code:
                    raise RuntimeError(output[-1500:])
        module = "grader.tests.environments.course --at-once=1"

        def run(words: str) -> tuple[int, str]:
            line = f"cd {machine.PROJECT} && PYTHONPATH=. .venv/bin/python -m {module} {words}"
            return started.run(f"{prefix}'{line}'" if prefix else line)

        yield run


NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})
ENVIRONMENTS: Mapping[str, Callable[[Path], contextlib.AbstractContextManager[Runner]]] = {
    "newest-overlay2": lambda folder: _newest(folder, containerd_store=False),
    "newest-containerd": lambda folder: _newest(folder, containerd_store=True),
    "cgroup2": _systemd,
}

if __name__ == "__main__":
    sys.exit(main())
