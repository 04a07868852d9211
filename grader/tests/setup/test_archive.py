"""Debian's sources are read as they stand on real machines, in both of apt's formats."""

from __future__ import annotations

from pathlib import Path

from grader.setup import archive
from grader.setup.archive import Source


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_one_line_format(tmp_path: Path) -> None:
    write(
        tmp_path,
        "sources.list",
        "# deb http://old/debian bookworm main\n"
        "deb http://mirror.example/debian bookworm main contrib\n"
        "deb-src http://mirror.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] https://other.example/debian bookworm-security main\n",
    )
    assert archive.sources(tmp_path) == [
        Source("http://mirror.example/debian", ("bookworm",), ""),
        Source("https://other.example/debian", ("bookworm-security",), "/k.gpg"),
    ]


def test_deb822_format(tmp_path: Path) -> None:
    write(
        tmp_path,
        "sources.list.d/debian.sources",
        "Types: deb\n# a comment\nURIs: http://mirror.example/debian\n"
        "Suites: bookworm bookworm-updates\nComponents: main\nSigned-By: /k.gpg\n\n"
        "Types: deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\n",
    )
    found = archive.main_archive("bookworm", tmp_path)
    assert found == Source(
        "http://mirror.example/debian", ("bookworm", "bookworm-updates"), "/k.gpg"
    )
    assert archive.main_archive("jammy", tmp_path) is None


def test_added_source_and_pin_let_only_the_engine_in() -> None:
    text = archive.added_source(Source("http://mirror.example/debian", ("bookworm",), "/k.gpg"))
    assert "URIs: http://mirror.example/debian\nSuites: trixie\n" in text
    assert "Signed-By: /k.gpg" in text
    everything, engine = archive.added_pin().split("\n\n")
    assert "Package: *" in everything
    assert "Pin-Priority: -1" in everything
    assert "docker.io" in engine
    assert "runc" not in engine
