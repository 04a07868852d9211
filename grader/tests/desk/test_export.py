"""Tables of grades: the columns that are read elsewhere, no formulas, no 0 that nobody earned."""

from __future__ import annotations

import csv
from pathlib import Path

from grader.desk import export
from grader.desk.export import Grade

GRADES = [
    Grade("a1", None, None, "ada", "Lovelace", "Ada", "ada@x.org", 4.5, 0.5, 4.0, 6.0),
    Grade("a1", None, None, "bob", "", "=1+1", "", None, None, None, 6.0),
    Grade("a2", None, None, "ada", "Lovelace", "Ada", "ada@x.org", 2.0, 0.0, 2.0, 3.0),
    Grade("a2", None, None, "bob", "", "=1+1", "", 0.0, 0.0, 0.0, 3.0),
]


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_nbgraders_columns_with_empty_cells_where_nothing_is_graded(tmp_path: Path) -> None:
    export.write(tmp_path / "grades.csv", GRADES)
    header, ada, bob, *_ = rows(tmp_path / "grades.csv")
    assert header == list(export.COLUMNS)
    assert ada == ["a1", "", "", "ada", "Lovelace", "Ada", "ada@x.org", "4.5", "0.5", "4.0", "6.0"]
    assert bob == ["a1", "", "", "bob", "", "'=1+1", "", "", "", "", "6.0"]


def test_canvas_reads_it(tmp_path: Path) -> None:
    """Its importer wants Student first, ID in the second column, SIS Login ID, then Section as
    the last one before the assignments, and the points in a row of their own."""
    export.write_canvas(tmp_path / "canvas.csv", GRADES)
    assert rows(tmp_path / "canvas.csv") == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "a1", "a2"],
        ["    Points Possible", "", "", "", "", "6.0", "3.0"],
        ["Lovelace, Ada", "", "", "ada", "", "4.0", "2.0"],
        ["'=1+1", "", "", "bob", "", "", "0.0"],
    ]


def test_moodle_reads_it(tmp_path: Path) -> None:
    """One column says who it is (username or email address), one is the grade of each item."""
    export.write_moodle(tmp_path / "moodle.csv", GRADES)
    assert rows(tmp_path / "moodle.csv") == [
        ["Username", "First name", "Last name", "Email address", "a1", "a2"],
        ["ada", "Ada", "Lovelace", "ada@x.org", "4.0", "2.0"],
        ["bob", "'=1+1", "", "", "", "0.0"],
    ]
