"""The Score: a bare number for nbgrader, in every case that a grading can end in."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbgrader.utils import determine_grade

from grader.exercise import catalog
from grader.grading import runner
from grader.learner import workspace
from grader.notebook.grading import grade
from grader.notebook.score import Score
from grader.tests.notebook import reports


def points_in_nbgrader(score: Score, points: float) -> float:
    """What nbgrader reads from a grade cell whose last expression is ``score``."""
    data, _ = InteractiveShell.instance().display_formatter.format(score)
    cell = nbformat.v4.new_code_cell(
        "grade()",
        outputs=[nbformat.v4.new_output("execute_result", data=data, execution_count=1)],
        metadata={"nbgrader": {"grade": True, "solution": False, "points": points}},
    )
    earned, most = determine_grade(cell)
    assert most == points
    assert earned is not None
    return float(earned)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (Score.of(reports.passed()), 3.0),
        (Score.of(reports.failed()), 1.0),
        (Score.of(reports.errored()), 0.0),
        (Score.of(reports.report()), 0.0),
        (Score.refused("x", "There is no exercise called 'x'."), 0.0),
    ],
)
def test_nbgrader_reads_the_points(score: Score, expected: float) -> None:
    """Words, nan or no output would be full marks; a number above the maximum would raise."""
    assert points_in_nbgrader(score, 3.0) == expected


def test_text_is_the_bare_number() -> None:
    """``text/plain`` is the interface to nbgrader."""
    score = Score.of(reports.failed(), "Title")
    assert repr(score) == str(score) == "1.0"
    assert score._repr_mimebundle_()["text/plain"] == "1.0"
    assert "1 of 3 points" in score._repr_mimebundle_()["text/html"]


def test_errored_report_is_zero_even_where_checks_passed() -> None:
    """Points of a grading that broke off are no grade."""
    score = Score.of(reports.errored())
    assert score == 0.0
    assert "this cell returns is no grade" in score.html


def test_refusal_says_why() -> None:
    """A slip of the pen ends in a card, not in a traceback."""
    score = Score.refused("nonroot", "There is no exercise called 'nonroot'; <b>")
    assert "There is no exercise called" in score.html
    assert "<b>" not in score.html


def test_fault_that_nobody_foresaw_ends_in_a_card(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder in ("WORKSPACE", "STATE"):
        monkeypatch.setenv(f"DRYDOCK_{folder}", str(tmp_path / folder))

    def fault(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(runner, "grade", fault)
    workspace.reset(catalog.find("nonroot_user"))
    score = grade("nonroot_user")
    assert score == 0.0
    assert "not graded" in score.html
    assert "Resource temporarily unavailable" in score.html
