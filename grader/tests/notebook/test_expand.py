"""The notebooks: in step with their sources, sound for nbgrader, free of solutions."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbgrader.nbgraderformat.v3 import MetadataValidatorV3

from grader.answer.submission import split_magic
from grader.exercise import catalog, project
from grader.notebook import expand
from grader.verdict.outcome import UsageError

SOURCES = sorted(expand.SOURCES.glob("*.md"))


def name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_notebook_is_in_step_with_its_source(source: Path) -> None:
    """If this fails: ./lab notebooks"""
    notebook = project.NOTEBOOKS / f"{source.stem}.ipynb"
    assert notebook.read_text(encoding="utf-8") == expand.expand(source)


def test_every_notebook_has_a_source() -> None:
    assert {name(path) for path in project.NOTEBOOKS.glob("*.ipynb")} == {
        name(path) for path in SOURCES
    }


@pytest.mark.parametrize("source", SOURCES, ids=name)
def test_nbgrader_accepts_the_notebook(source: Path) -> None:
    notebook = nbformat.reads(expand.expand(source), as_version=4)
    nbformat.validate(notebook)
    MetadataValidatorV3().validate_nb(notebook)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")


def test_each_exercise_in_a_notebook_has_its_starter_and_its_points() -> None:
    """An answer cell holds the starter, never a solution; the grade cell is worth its points."""
    answered: dict[str, set[str]] = {}
    points: dict[str, float] = {}
    for source in SOURCES:
        for cell in nbformat.reads(expand.expand(source), as_version=4).cells:
            role = cell.metadata.get("nbgrader", {})
            if role.get("solution"):
                exercise_name, file, text = split_magic(cell.source) or ("", "", "")
                exercise = catalog.find(exercise_name)
                assert text.rstrip("\n") == exercise.starter.get(file, "").rstrip("\n")
                assert text != exercise.solved[file]
                answered.setdefault(exercise_name, set()).add(file)
            if role.get("grade"):
                assert role["locked"]
                points[cell.source] = role["points"]
    for exercise_name, files in answered.items():
        exercise = catalog.find(exercise_name)
        assert files == set(exercise.answers)
        assert points[f'grade("{exercise_name}")'] == exercise.max_points


def test_expanding_twice_gives_the_same_bytes() -> None:
    assert [expand.expand(path) for path in SOURCES] == [expand.expand(path) for path in SOURCES]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```python\n%%answer nonroot_usr Dockerfile\n```\n", "nonroot_user"),
        ("```python\n%%answer nonroot_user app.py\n```\n", "no answer file"),
        ("```python\n%%answer nonroot_user Dockerfile\nFROM x\n```\n", "is just"),
        (
            '```python\ngrade("nonroot_user")\n```\n\n```python\ngrade("nonroot_user")\n```\n',
            "twice",
        ),
    ],
)
def test_mistake_in_a_source_is_told_to_its_author(tmp_path: Path, text: str, problem: str) -> None:
    source = tmp_path / "notebook.md"
    source.write_text(text)
    with pytest.raises(UsageError, match=problem):
        expand.expand(source)
