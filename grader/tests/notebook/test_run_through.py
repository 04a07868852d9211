"""Every notebook, solved, from top to bottom in a real kernel. As it is handed out it runs in a
browser, see ``test_browser.py``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from grader.answer.submission import MAGIC, split_magic
from grader.exercise import catalog, project
from grader.notebook import expand
from grader.tests.notebook import run

pytestmark = [pytest.mark.slow, pytest.mark.course]
NOTEBOOKS = sorted(path.stem for path in expand.SOURCES.glob("*.md"))
CELL_SECONDS = 240


def run_through(notebook: Any, workspace: Path, state: Path) -> None:
    """Run all cells as "run all" does; stops at the first cell that raises, as it does too."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(project.ROOT),
        "DRYDOCK_WORKSPACE": str(workspace),
        "DRYDOCK_STATE": str(state),
    }
    resources = {"metadata": {"path": str(project.NOTEBOOKS)}}
    client = NotebookClient(
        notebook, kernel_name="python3", timeout=CELL_SECONDS, resources=resources
    )
    client.execute(env=environment)


def read(name: str) -> Any:
    return nbformat.read(project.NOTEBOOKS / f"{name}.ipynb", as_version=4)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_solved_notebook_earns_every_point(name: str, tmp_path: Path, solved: Path) -> None:
    """With the solutions in the answer cells, every grade cell gives full marks."""
    notebook = read(name)
    for cell in notebook.cells:
        answer = split_magic(cell.source)
        if answer:
            exercise, file, _ = answer
            cell.source = f"{MAGIC} {exercise} {file}\n{catalog.find(exercise).solved[file]}"
    with run.alone(name):
        run_through(notebook, tmp_path, solved)
    missed = [(cell, earned) for cell, earned, most in run.scores(notebook.cells) if earned != most]
    assert missed == []
    assert run.complaints(notebook.cells) == []
