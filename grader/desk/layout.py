"""The layout of a released notebook as the gradebook knows it: its cells, points, exercises.

This, and nothing that a student sent, says what is locked and what a cell is worth.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.answer.submission import split_magic
from grader.desk.folder import Course

_GRADE = re.compile(r'\s*grade\("([^"\n]+)"\)\s*')
_TEXT = "text-"


@dataclass(frozen=True)
class Cell:
    """A cell that nbgrader keeps an eye on. ``points`` is None where it isn't graded."""

    grade_id: str
    kind: str
    source: str
    checksum: str
    locked: bool
    solution: bool
    grade: bool
    task: bool
    points: float | None

    @property
    def id(self) -> str:
        """The cell's own id, from which ``grade_id`` was made when the notebook was expanded."""
        return self.grade_id.removeprefix(_TEXT)

    @property
    def exercise(self) -> str:
        """The exercise that is graded here, empty in other cells."""
        return graded_exercise(self.source) if self.grade and not self.solution else ""

    @property
    def answers(self) -> tuple[str, str] | None:
        """(exercise, file) of an answer cell."""
        parts = split_magic(self.source) if self.solution else None
        return parts[:2] if parts else None

    def metadata(self) -> dict[str, Any]:
        """The metadata that this cell has in a sound notebook."""
        nbgrader: dict[str, Any] = {
            "grade_id": self.grade_id,
            "grade": self.grade,
            "solution": self.solution,
            "locked": self.locked,
            "task": self.task,
            "schema_version": 3,
            "cell_type": self.kind,
            "checksum": self.checksum,
        }
        if self.points is not None:
            nbgrader["points"] = self.points
        return {"deletable": False, "editable": not self.locked, "nbgrader": nbgrader}


@dataclass(frozen=True)
class Layout:
    """A released notebook: its name and its cells in order."""

    notebook: str
    cells: tuple[Cell, ...]

    @property
    def exercises(self) -> tuple[str, ...]:
        return tuple(cell.exercise for cell in self.cells if cell.exercise)

    @property
    def by_grade_id(self) -> Mapping[str, Cell]:
        return {cell.grade_id: cell for cell in self.cells}


def graded_exercise(source: str) -> str:
    """The exercise of a cell that is just ``grade("EXERCISE")``, else empty."""
    found = _GRADE.fullmatch(source)
    return found[1] if found else ""


def of(course: Course, assignment: str) -> dict[str, Layout]:
    """The layouts of an assignment's notebooks by name."""
    with course.gradebook() as gradebook:
        return {
            str(notebook.name): Layout(str(notebook.name), cells_of(notebook))
            for notebook in gradebook.find_assignment(assignment).notebooks
        }


def cells_of(notebook: Any) -> tuple[Cell, ...]:
    """The cells of a notebook of an open gradebook."""
    return tuple(_cells(notebook))


def _cells(notebook: Any) -> Iterable[Cell]:
    points = {cell.name: float(cell.max_score) for cell in notebook.grade_cells}
    tasks = {cell.name: float(cell.max_score) for cell in notebook.task_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    for cell in notebook.source_cells:
        yield Cell(
            grade_id=cell.name,
            kind=cell.cell_type,
            source=cell.source,
            checksum=cell.checksum or "",
            locked=bool(cell.locked),
            solution=cell.name in solutions,
            grade=cell.name in points,
            task=cell.name in tasks,
            points=points.get(cell.name, tasks.get(cell.name)),
        )
