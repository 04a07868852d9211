"""Every notebook from top to bottom in a real kernel: as it is handed out, and solved."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from grader import catalog, project
from grader.notebook import expand
from grader.submission import MAGIC, split_magic

pytestmark = [pytest.mark.slow, pytest.mark.course]
NOTEBOOKS = sorted(path.stem for path in expand.SOURCES.glob("*.md"))
CELL_SECONDS = 240


def run_through(notebook: Any, folder: Path) -> None:
    """Run all cells as "run all" does; stops at the first cell that raises, as it does too."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(project.ROOT),
        "DRYDOCK_WORKSPACE": str(folder / "workspace"),
        "DRYDOCK_STATE": str(folder / "state"),
    }
    resources = {"metadata": {"path": str(project.NOTEBOOKS)}}
    client = NotebookClient(
        notebook, kernel_name="python3", timeout=CELL_SECONDS, resources=resources
    )
    client.execute(env=environment)


def read(name: str) -> Any:
    return nbformat.read(project.NOTEBOOKS / f"{name}.ipynb", as_version=4)


def scores(notebook: Any) -> Iterator[tuple[str, float, float]]:
    """(grade cell, points earned as nbgrader reads them, points to earn) of a run notebook."""
    for cell in notebook.cells:
        role: Mapping[str, Any] = cell.metadata.get("nbgrader", {})
        if role.get("grade"):
            said = [out for out in cell.outputs if out.output_type == "execute_result"]
            earned = float(said[-1]["data"]["text/plain"]) if said else float("nan")
            yield cell.source, earned, float(role["points"])


def complaints(notebook: Any) -> list[str]:
    """What cells said on stderr: a reader would take it for a mistake of theirs."""
    return [
        f"{cell.source[:80]!r}: {output.text[:300]}"
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stderr"
    ]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_untouched_notebook_runs_and_earns_nothing(name: str, tmp_path: Path) -> None:
    """Whoever presses "run all" first sees everything work and no point that wasn't earned."""
    notebook = read(name)
    run_through(notebook, tmp_path)
    assert [earned for _, earned, _ in scores(notebook)] == [0.0] * len(list(scores(notebook)))
    assert complaints(notebook) == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_solved_notebook_earns_every_point(name: str, tmp_path: Path) -> None:
    """With the solutions in the answer cells, every grade cell gives full marks."""
    notebook = read(name)
    for cell in notebook.cells:
        answer = split_magic(cell.source)
        if answer:
            exercise, file, _ = answer
            cell.source = f"{MAGIC} {exercise} {file}\n{catalog.find(exercise).solved[file]}"
    run_through(notebook, tmp_path)
    missed = [(cell, earned) for cell, earned, most in scores(notebook) if earned != most]
    assert missed == []
    assert complaints(notebook) == []
