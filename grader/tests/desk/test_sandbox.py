"""What nbgrader reads from a grade cell: by no path does a wrong output become full marks."""

from __future__ import annotations

import math
from dataclasses import replace

import nbformat
import pytest
from nbgrader.utils import determine_grade

from grader.answer.submission import MAGIC, from_cells
from grader.desk.sandbox import GradeInSandbox, NotGraded, OnlyGradable, output
from grader.exercise import catalog
from grader.verdict.outcome import UsageError
from grader.verdict.report import CheckResult, Report, Status, SubmissionInfo


def report(*earned: float, status: Status = Status.PASSED, points: float = 2.0) -> Report:
    checks = tuple(
        CheckResult(f"check{number}", "", status, points, each)
        for number, each in enumerate(earned)
    )
    return Report("nonroot_user", SubmissionInfo("0"), checks)


def read_by_nbgrader(made: Report, worth: float) -> float:
    cell = nbformat.v4.new_code_cell(
        metadata={"nbgrader": {"grade": True, "solution": False, "points": worth}},
        outputs=[output(made, "", worth)],
    )
    points, _ = determine_grade(cell)
    return float(points)


@pytest.mark.parametrize(
    ("made", "worth", "expected"),
    [
        pytest.param(report(2, 0), 4, 2, id="the points"),
        pytest.param(report(0, 0), 4, 0, id="none"),
        pytest.param(report(2, 2), 10, 10, id="a cell that is worth more than the exercise"),
        pytest.param(report(2, 0), 1, 0.5, id="a cell that is worth less"),
        pytest.param(report(9, 9), 4, 4, id="more than there is"),
        pytest.param(report(-5, 0), 4, 0, id="less than nothing"),
        pytest.param(report(2, 2).as_untouched(), 4, 0, id="an untouched starter"),
    ],
)
def test_nbgrader_reads_the_share_of_the_points(
    made: Report, worth: float, expected: float
) -> None:
    assert read_by_nbgrader(made, worth) == expected


@pytest.mark.parametrize("earned", [math.nan, -math.inf])
def test_number_that_is_none_earns_nothing(earned: float) -> None:
    """nbgrader would take ``nan`` and negative numbers for full marks."""
    assert read_by_nbgrader(report(earned, 0), 4) == 0


def notebook(source: str) -> nbformat.NotebookNode:
    metadata = {
        "nbgrader": {"grade": True, "solution": False, "points": 4, "grade_id": "g", "locked": True}
    }
    answer = f"{MAGIC} nonroot_user Dockerfile\nFROM python:3.11-slim"
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(answer),
            nbformat.v4.new_code_cell(source, metadata=metadata),
        ]
    )


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(report(2, 0, status=Status.ERROR), id="an error of the grader's"),
        pytest.param(report(), id="no checks"),
        pytest.param(report(0, 0, points=0), id="nothing to earn"),
    ],
)
def test_report_that_is_no_verdict_raises(made: Report) -> None:
    """nbgrader then records nothing, and the submission can be graded again."""
    graded = notebook('grade("nonroot_user")')
    digest = from_cells(catalog.find("nonroot_user"), graded.cells).digest
    sandbox = GradeInSandbox(known={("nonroot_user", digest): replace(made)})
    with pytest.raises(NotGraded):
        sandbox.preprocess(graded, {})


def test_grade_cell_that_runs_code_is_no_cell_to_grade() -> None:
    """Without an output it would be full marks; it is refused at release and when grading."""
    with pytest.raises(NotGraded, match="can be graded"):
        GradeInSandbox().preprocess(notebook("assert x == 1"), {})
    with pytest.raises(UsageError, match="not executed"):
        OnlyGradable().preprocess(notebook("assert x == 1"), {})
    with pytest.raises(UsageError, match="no exercise"):
        OnlyGradable().preprocess(notebook('grade("nonroot_usr")'), {})
