#!/usr/bin/env python3
"""Collect the learners' answers: python3 docker/classroom/collect.py submitted

Writes submitted/LEARNER/EXERCISE/files, which ``./lab grade submitted`` reads, from the volumes
of the learners' homes, whether their places run or not. The volumes are only read, by a container
without a network; of what comes out, plain files of a sane size are kept and nothing else.
Standard library only.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from pathlib import Path, PurePosixPath

VOLUME = re.compile(r"drydock-home-([a-z][a-z0-9]*)")
IMAGE = "drydock/learner"
FILE_BYTES = 1_000_000
FILES = 1_000
READ = ["docker", "run", "--rm", "--network=none", "--read-only", "--memory=256m"]
READ += ["--pids-limit=16", "--cap-drop=ALL", "--cap-add=DAC_READ_SEARCH", "--entrypoint=tar"]
TAR = ["-C", "/home/learner/workspace", "--exclude=./.old", "-cf", "-", "."]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    code = 0
    for volume, learner in homes():
        if (folder / learner).exists():
            print(f"{learner}: {folder / learner} exists; collect into a new folder.")
            code = 1
            continue
        kept, left = collect(volume, folder / learner)
        print(f"{learner}: {kept} files" + (f", {left} left out" if left else ""))
    return code


def homes() -> list[tuple[str, str]]:
    """The volumes of the learners' homes, and whose they are."""
    command = ["docker", "volume", "ls", "--quiet"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [(name, match[1]) for name in sorted(names) if (match := VOLUME.fullmatch(name))]


def collect(volume: str, folder: Path) -> tuple[int, int]:
    """Copy a home's workspace to the new ``folder``: files kept, entries left out."""
    command = [*READ, f"--volume={volume}:/home/learner:ro", IMAGE, *TAR]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            with tarfile.open(fileobj=process.stdout, mode="r|") as archive:
                return unpack(archive, folder)
        except tarfile.ReadError:
            return 0, 0  # no workspace: nothing was begun
        finally:
            process.kill()


def unpack(archive: tarfile.TarFile, folder: Path) -> tuple[int, int]:
    """Keep the plain files. Made by hand, since links and the like are to be left out and not,
    as ``extractall`` has it, to be refused with all that comes after them."""
    kept = left = 0
    for member in archive:
        path = PurePosixPath(member.name)
        sane = not path.is_absolute() and ".." not in path.parts
        if member.isdir():
            continue
        if not member.isfile() or not sane or member.size > FILE_BYTES or kept == FILES:
            left += 1
            continue
        content = archive.extractfile(member)
        assert content is not None
        target = folder / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
        except OSError:  # a name that this file system can't have
            left += 1
        else:
            kept += 1
    return kept, left


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
