"""A verdict's key changes with everything it depends on, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.answer import submission
from grader.engine.bases import BASES
from grader.exercise import catalog, project
from grader.exercise.catalog import Exercise
from grader.grading import provenance

EXERCISE = catalog.find("nonroot_user")
SOLUTION = submission.from_texts(EXERCISE, EXERCISE.solved)
STARTER = submission.from_texts(EXERCISE, EXERCISE.starter)
FACTS: dict[str, Any] = {
    "version": "26.1.5",
    "runtime": "runc",
    "cpus": 2,
    "images": {name: f"sha256:{name}" for name in BASES.values()},
}
KEY = provenance.key(EXERCISE, SOLUTION, FACTS)


def with_image(name: str) -> dict[str, Any]:
    return FACTS | {"images": FACTS["images"] | {BASES[name]: "sha256:another"}}


PROBES = ("probe/container/living.py", "engine/watch.py")


@pytest.fixture
def exercise(tmp_path: Path) -> Exercise:
    """A copy of the exercise that may be changed."""
    folder = tmp_path / EXERCISE.id
    folder.mkdir()
    for path in EXERCISE.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return replace(EXERCISE, folder=folder)


def test_key_is_the_same_for_the_same(exercise: Exercise) -> None:
    """Also from another folder: a worker's copy of the course gives the same keys."""
    assert provenance.key(exercise, SOLUTION, dict(FACTS)) == KEY


@pytest.mark.parametrize("fact", provenance.ENGINE_FACTS)
def test_another_engine_is_another_key(fact: str) -> None:
    assert provenance.key(EXERCISE, SOLUTION, FACTS | {fact: "another"}) != KEY


def test_another_answer_is_another_key() -> None:
    assert provenance.key(EXERCISE, STARTER, FACTS) != KEY


def test_only_the_images_that_an_answer_builds_on_count() -> None:
    """A new distroless image regrades the answers that use it, and no others."""
    assert provenance.key(EXERCISE, SOLUTION, with_image("python:3.11-slim")) != KEY
    assert provenance.key(EXERCISE, SOLUTION, with_image("python:3.11")) == KEY


@pytest.mark.parametrize("file", ["app.py", "exercise.toml"])
def test_changed_exercise_is_another_key(exercise: Exercise, file: str) -> None:
    path = exercise.folder / file
    path.write_text(path.read_text() + "\n# changed\n")
    assert provenance.key(exercise, SOLUTION, FACTS) != KEY


def test_changed_checks_are_another_key(tmp_path: Path) -> None:
    changed = tmp_path / "test_nonroot_user.py"
    changed.write_bytes(EXERCISE.checks_path.read_bytes() + b"\n# changed\n")
    assert provenance.key(replace(EXERCISE, checks_path=changed), SOLUTION, FACTS) != KEY


def test_private_checks_are_another_key() -> None:
    assert provenance.key(EXERCISE, SOLUTION, FACTS, b"def test_more(): ...") != KEY


def test_grader_version_covers_what_judges_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of a probe regrades all; a change of a page, a command or a test nothing."""
    monkeypatch.setattr(project, "ROOT", tmp_path)
    for name in (*PROBES, "notebook/card.py", "checks/a/test_b.py"):
        (tmp_path / "grader" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "grader" / name).write_text("one")

    def version() -> str:
        provenance.grader_version.cache_clear()
        return provenance.grader_version()

    before = version()
    for name in ("notebook/card.py", "checks/a/test_b.py"):
        (tmp_path / "grader" / name).write_text("two")
    assert version() == before
    for name in PROBES:
        (tmp_path / "grader" / name).write_text(name)
        assert version() != before
        before = version()
    monkeypatch.undo()
    provenance.grader_version.cache_clear()
