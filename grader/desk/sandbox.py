"""What stands in nbgrader's pipelines in place of running notebooks.

``GradeInSandbox`` takes the place of ``Execute``: it reads the answer cells, has them graded in
containers, and writes score and card into the locked grade cells. It imports and executes nothing
of a submission. A report that is no verdict raises: nbgrader then records nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from grader.answer.submission import from_cells
from grader.desk.layout import Layout, cells_of, graded_exercise
from grader.desk.restore import restore
from grader.exercise import catalog
from grader.notebook.score import Score
from grader.verdict.outcome import GraderError, UsageError
from grader.verdict.report import Report

Verdicts = Mapping[tuple[str, str], Report]
"""Reports by exercise and digest of the answer."""


class NotGraded(Exception):
    """There is no verdict, so there is no score either."""


class OnlyGradable(NbGraderPreprocessor):  # type: ignore[misc]
    """At release: every cell with points can be graded without running the notebook."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        known = catalog.discover()
        for cell in nb.cells:
            if not is_grade(cell) or is_solution(cell):
                continue
            exercise = graded_exercise(cell.source)
            if exercise not in known:
                what = f"grades {exercise!r}, which is no exercise" if exercise else "runs code"
                raise UsageError(
                    f"The grade cell {cell.metadata.nbgrader['grade_id']} {what}. Notebooks are "
                    'not executed: a grade cell is just grade("EXERCISE"). For other tasks use '
                    "cells that are graded by hand."
                )
        return nb, resources


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]
    """Before grading: the released cells with the student's answers, and nothing else of theirs."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            notebook = gradebook.find_notebook(about["notebook"], about["assignment"])
            layout = Layout(about["notebook"], cells_of(notebook))
        mended = restore(nb, layout)
        for note in mended.notes:
            self.log.warning("%s: %s", about["student"], note)
        return mended.notebook, resources


class GradeInSandbox(NbGraderPreprocessor):  # type: ignore[misc]
    """In place of ``Execute``. ``known`` holds verdicts that were reached before."""

    def __init__(self, *, known: Verdicts | None = None, **traits: Any) -> None:
        super().__init__(**traits)
        self._known = known or {}

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        graded = [cell for cell in nb.cells if is_grade(cell) and not is_solution(cell)]
        outputs = [self._output(cell, nb.cells) for cell in graded if cell.cell_type == "code"]
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        for number, (cell, output) in enumerate(zip(graded, outputs, strict=True), 1):
            cell.outputs, cell.execution_count = [output], number
        return nb, resources

    def _output(self, cell: Any, cells: Any) -> Any:
        """The one output of a grade cell. Raises NotGraded."""
        name = graded_exercise(cell.source)
        if not name:
            raise NotGraded(f"{cell.metadata.nbgrader.grade_id} is no cell that can be graded.")
        try:
            exercise = catalog.find(name)
            answer = from_cells(exercise, cells)
            report = self._known.get((name, answer.digest)) or _grade(name, answer)
        except (GraderError, UsageError) as error:
            raise NotGraded(str(error)) from error
        if not report.complete or not report.max_score:
            raise NotGraded(f"{name}: the grader could not grade it.")
        return output(report, exercise.title, float(cell.metadata.nbgrader["points"]))


def output(report: Report, title: str, worth: float) -> Any:
    """What nbgrader reads (a bare number as ``text/plain``) and what a person reads.

    The exercise's points become what the cell is worth. Raises NotGraded for what nbgrader would
    take for something else than these points.
    """
    score = Score.of(report, title)
    points = round(min(1.0, float(score) / report.max_score) * worth, 4)
    if not math.isfinite(points) or not 0 <= points <= worth:
        raise NotGraded(f"{points} is no score of a cell that is worth {worth:g}.")
    return nbformat.v4.new_output(
        "execute_result",
        data={"text/plain": repr(points), "text/html": score.html},
        execution_count=1,
    )


def _grade(name: str, answer: Any) -> Report:
    """Grade one answer now, or recall its verdict: for Formgrader's own button."""
    from pathlib import Path

    from grader.batch import coordinator
    from grader.batch.coordinator import Plan
    from grader.batch.crew import LocalCrew
    from grader.batch.roster import Entry
    from grader.store import Results

    with coordinator.only_one(), Results.open() as results:
        crew = LocalCrew(1)
        entry = Entry("", name, Path(name), answer)
        plan = Plan.of([entry], catalog.discover(), crew, {})
        [graded] = coordinator.grade(plan, crew, results)
    if graded.report is None:
        raise NotGraded(graded.problem)
    return graded.report
