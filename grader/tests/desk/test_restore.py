"""A sound notebook from whatever was handed in; the rules that the class tests don't reach."""

from __future__ import annotations

from typing import Any

import nbformat

from grader.answer.submission import MAGIC
from grader.desk.layout import Cell, Layout
from grader.desk.restore import MAX_CELLS, MAX_SOURCE, restore

ANSWER = f"{MAGIC} nonroot_user Dockerfile\n"


def released(id: str, source: str, **roles: Any) -> Cell:
    plain = {"kind": "code", "checksum": "", "locked": False, "solution": False, "grade": False}
    return Cell(id, source=source, **{**plain, "task": False, "points": None, **roles})


LAYOUT = Layout(
    "small",
    (
        released("text-1", "# Title", kind="markdown", locked=True),
        released("answer", ANSWER + "FROM x", solution=True),
        released("grade", 'grade("nonroot_user")', grade=True, locked=True, points=6.0),
        released("essay", "Your words", kind="markdown", solution=True, grade=True, points=2.0),
    ),
)


def handed(id: str, source: str, grade_id: str = "", kind: str = "code") -> dict[str, Any]:
    metadata = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    return {"cell_type": kind, "id": id, "source": source, "metadata": metadata, "outputs": []}


def sources(*cells: dict[str, Any]) -> dict[str, str]:
    made = restore({"cells": list(cells)}, LAYOUT).notebook
    nbformat.validate(made)
    return {cell.id: cell.source for cell in made.cells}


def test_last_of_two_cells_for_the_same_answer_counts_unless_one_is_nbgraders() -> None:
    """The same rule as for ``./lab check``: nbgrader's own cell first, else the last."""
    first, second = handed("a", ANSWER + "1"), handed("b", ANSWER + "2")
    assert sources(first, second)["answer"] == ANSWER + "2"
    assert sources(handed("x", ANSWER + "0", "answer"), second)["answer"] == ANSWER + "0"


def test_nothing_handed_in_gives_the_cells_with_points() -> None:
    """Each after its predecessor, in the released order."""
    assert list(sources()) == ["grade", "essay"]


def test_missing_cell_comes_after_what_stood_before_it() -> None:
    made = sources(handed("answer", ANSWER), handed("mine", "print()"))
    assert list(made) == ["answer", "grade", "essay", "own-1"]


def test_markup_of_a_student_is_shown_as_text() -> None:
    """The instructor's browser has the gradebook open; no HTML of a student's may run there."""
    evil = "```` <script>alert(1)</script>"
    made = sources(handed("a", evil, kind="raw"), handed("b", evil, "essay", kind="markdown"))
    assert made["own-0"] == made["essay"] == f"`````text\n{evil}\n`````"


def test_locked_text_is_the_released_one() -> None:
    assert sources(handed("1", "# Mine", kind="markdown"))["1"] == "# Title"


def test_size_is_bounded() -> None:
    made = sources(*[handed(str(number), "x" * 10) for number in range(MAX_CELLS + 500)])
    assert len(made) == MAX_CELLS + 2
    assert len(sources(handed("answer", ANSWER + "x" * MAX_SOURCE))["answer"]) == MAX_SOURCE


def test_text_that_can_not_be_written_is_replaced() -> None:
    """A lone surrogate in the JSON would stop nbgrader at this student."""
    assert sources(handed("answer", ANSWER + "\ud800"))["answer"] == ANSWER + "?"
