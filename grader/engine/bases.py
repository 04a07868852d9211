"""The lab's images: which of ours stands behind each name that learners write.

Standard library only, and cheap to import: every grading reads it.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from grader.exercise import project

SLIM = "drydock/python:3.11-slim"
FULL = "drydock/python:3.11"
DISTROLESS = "drydock/distroless-python3-debian12:latest"
DISTROLESS_NONROOT = "drydock/distroless-python3-debian12:nonroot"

BASES: Mapping[str, str] = MappingProxyType(
    {
        "python:3.11-slim": SLIM,
        "python:3.11": FULL,
        "gcr.io/distroless/python3-debian12": DISTROLESS,
        "gcr.io/distroless/python3-debian12:latest": DISTROLESS,
        "gcr.io/distroless/python3-debian12:nonroot": DISTROLESS_NONROOT,
    }
)
"""By the short form of an image's name."""

INSPECTOR_SOURCE = project.ROOT / "grader" / "probe" / "inspector" / "inside"
STAGE_SOURCE = project.ROOT / "grader" / "stage" / "inside"
SCANNER_SOURCE = project.ROOT / "grader" / "scanner" / "inside"
STAGE_DOCKERFILE = project.ROOT / "docker" / "stage" / "Dockerfile"


@functools.cache
def inspector_tag() -> str:
    """The inspector image that belongs to the inspector's present source."""
    return f"drydock/inspector:{_digest(INSPECTOR_SOURCE.glob('*.py'))}"


@functools.cache
def stage_tag() -> str:
    """The stage image that belongs to its present source."""
    files = [STAGE_DOCKERFILE, *STAGE_SOURCE.glob("*.txt")]
    for folder in (STAGE_SOURCE, SCANNER_SOURCE):
        files += folder.glob("*.py")
    return f"drydock/stage:{_digest(files)}"


def _digest(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
