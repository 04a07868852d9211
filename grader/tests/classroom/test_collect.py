"""Collecting takes plain files out of homes that learners may have filled with anything."""

from __future__ import annotations

import io
import runpy
import tarfile
from pathlib import Path

from grader.exercise import project

COLLECT = runpy.run_path(str(project.ROOT / "docker" / "classroom" / "collect.py"))


def archive(*members: tarfile.TarInfo) -> tarfile.TarFile:
    """A stream of members, files filled with their size in zeros."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w|") as out:
        for member in members:
            out.addfile(member, io.BytesIO(b"0" * member.size) if member.isfile() else None)
    stream.seek(0)
    return tarfile.open(fileobj=stream, mode="r|")


def member(
    name: str, *, kind: bytes = tarfile.REGTYPE, size: int = 3, to: str = ""
) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, to
    entry.size = size if kind == tarfile.REGTYPE else 0
    return entry


def test_answers_come_as_grading_reads_them(tmp_path: Path) -> None:
    """EXERCISE/files below the learner's folder."""
    with archive(member("./nonroot_user/Dockerfile"), member("./json_logs/app.py")) as stream:
        assert COLLECT["unpack"](stream, tmp_path / "ada") == (2, 0)
    assert (tmp_path / "ada" / "nonroot_user" / "Dockerfile").read_bytes() == b"000"
    assert (tmp_path / "ada" / "json_logs" / "app.py").is_file()


def test_nothing_else_is_kept(tmp_path: Path) -> None:
    """Links, devices, paths that lead out and huge files are left out; what follows them is not."""
    hostile = [
        member("./a/link", kind=tarfile.SYMTYPE, to="/etc/passwd"),
        member("./a/hard", kind=tarfile.LNKTYPE, to="../../secret"),
        member("./a/pipe", kind=tarfile.FIFOTYPE),
        member("./a/disk", kind=tarfile.BLKTYPE),
        member("../outside"),
        member(str(tmp_path / "absolute")),
        member("./a/huge", size=1_000_001),
        member("./a/" + "n" * 300),
    ]
    with archive(*hostile, member("./a/app.py")) as stream:
        assert COLLECT["unpack"](stream, tmp_path / "ada") == (1, len(hostile))
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == [
        tmp_path / "ada" / "a" / "app.py"
    ]


def test_a_flood_of_files_ends(tmp_path: Path) -> None:
    """A learner can't fill the instructor's disk with a million small files."""
    with archive(*(member(f"./a/{number}", size=1) for number in range(1_010))) as stream:
        assert COLLECT["unpack"](stream, tmp_path / "ada") == (1_000, 10)
