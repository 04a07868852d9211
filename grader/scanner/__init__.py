"""The recorded scanner: trivy's command line over recorded results, for any container of ours.

Counts of a live database change every day, so they are never graded; a recording doesn't change.
The program is ``inside/``; how it fails and what it finds is data, in ``inside/recordings.json``.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.scanner.inside.command_line import KINDS

__all__ = ["advisories", "gate", "options", "recordings"]

INSIDE = Path(__file__).with_name("inside")
PLACE = "opt/scanner"
LAUNCHER = "trivy"
RECORDINGS = "recordings.json"


def recordings() -> dict[str, Any]:
    """Every recording by its name: ``{"report": …}`` as trivy writes it, or ``{"fails": …}``."""
    content: dict[str, Any] = json.loads((INSIDE / RECORDINGS).read_text(encoding="utf-8"))
    return content


def options() -> Mapping[str, str]:
    """The scanner's options without their dashes: list, text, number or switch."""
    return KINDS


def archive(recorded: Mapping[str, Any]) -> bytes:
    """A tar archive, for the root of a container that has Python: ``trivy`` on PATH, which knows
    the images in ``recorded`` and no others."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(INSIDE.glob("*")):
            if path.is_file() and path.name != RECORDINGS:
                mode = 0o755 if path.name == LAUNCHER else 0o644
                add(tar, f"{PLACE}/{path.name}", path.read_bytes(), mode)
        add(tar, f"{PLACE}/{RECORDINGS}", json.dumps(dict(recorded)).encode(), 0o644)
        link = tarfile.TarInfo(f"usr/local/bin/{LAUNCHER}")
        link.type, link.linkname = tarfile.SYMTYPE, f"/{PLACE}/{LAUNCHER}"
        tar.addfile(link)
    return buffer.getvalue()


def add(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    """Put a file of root's into an archive."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
