"""What a verdict depends on, as one key: equal keys mean that grading again can't change it.

The answers, the exercise's own files and checks, the grader's code, the lab's images that the
answer builds on, and the facts of the engine. A change of any of them makes new keys for exactly
the verdicts that depend on it. Nothing here talks to an engine.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grader.answer.submission import Submission
from grader.engine.bases import SLIM
from grader.exercise import project
from grader.exercise.catalog import MANIFEST, Exercise
from grader.verdict.outcome import BuildFailed, NotInLab

NOT_GRADING = frozenset(
    {"author", "batch", "checks", "cli", "desk", "draw", "learner", "notebook", "reports", "setup"}
    | {"store", "tests", "__pycache__"}
)
"""Folders of the grader that no verdict depends on; checks count for their own exercise."""

ENGINE_FACTS = (
    *("version", "api", "arch", "cgroup", "runtime", "store", "swap", "cpus"),
    *("gpu", "build_network", "build_limits", "rootless", "cpu_limits"),
)
IMAGES = "images"
"""In an engine's facts: the ids of the lab's images by name."""

DOCKERFILE = "Dockerfile"


def key(
    exercise: Exercise,
    submission: Submission,
    facts: Mapping[str, Any],
    private: bytes = b"",
) -> str:
    """The key of a verdict, a sha256 in hex.

    ``facts`` are an engine's, with the ids of its images; ``private`` is the source of an
    instructor's own checks beside the exercise's.
    """
    images = facts.get(IMAGES) or {}
    parts = {
        "exercise": exercise.id,
        "answers": submission.digest,
        "version": exercise_version(exercise),
        "private": hashlib.sha256(private).hexdigest() if private else "",
        "grader": grader_version(),
        "engine": {name: facts.get(name) for name in ENGINE_FACTS},
        "images": {name: images.get(name) for name in sorted(_images(exercise, submission))},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def exercise_version(exercise: Exercise) -> str:
    """A digest of what an exercise brings: manifest, starter, given files, checks."""
    files = {
        "manifest": (exercise.folder / MANIFEST).read_bytes(),
        "checks": exercise.checks_path.read_bytes(),
        **{f"starter/{name}": text.encode() for name, text in exercise.starter.items()},
        **{f"given/{name}": content for name, content in exercise.given.items()},
    }
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        _add(digest, name, content)
    return digest.hexdigest()


@functools.cache
def grader_version() -> str:
    """A digest of the code that builds, runs and judges."""
    return _digest(project.ROOT / "grader", sorted(_sources(project.ROOT / "grader")))


def _sources(root: Path) -> Iterable[Path]:
    for path in root.iterdir():
        if path.name in NOT_GRADING:
            continue
        if path.is_dir():
            yield from (file for file in path.rglob("*") if file.is_file())
        else:
            yield path


def _digest(root: Path, paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if "__pycache__" not in path.parts:
            _add(digest, path.relative_to(root).as_posix(), path.read_bytes())
    return digest.hexdigest()


def _add(digest: Any, name: str, content: bytes) -> None:
    digest.update(f"{len(name)}:{name}:{len(content)}:".encode())
    digest.update(content)


def _images(exercise: Exercise, submission: Submission) -> frozenset[str]:
    """The lab's images that an answer builds on. The slim base always counts: sizes are compared
    with it."""
    text = {**exercise.given, **submission.files}.get(DOCKERFILE)
    if text is None:
        return frozenset({SLIM})
    from grader.answer import recipe

    try:
        return frozenset({SLIM, *recipe.review(text.decode("utf-8", "replace")).images.values()})
    except (BuildFailed, NotInLab):
        return frozenset({SLIM})
