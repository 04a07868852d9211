"""The gradebook as tables: nbgrader's own columns, and those that Canvas and Moodle import.

A submission that is not graded has empty cells, never a 0. Text can't become a formula. Canvas
recognises a student by the login (its gradebook importer reads Student, ID, SIS User ID, SIS Login
ID, Section, then the assignments, and a row of Points Possible); Moodle's import lets a person map
the columns and needs one that says who it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin

from grader.desk.folder import Course
from grader.reports.table import write_rows
from grader.verdict.outcome import UsageError

COLUMNS = (
    *("assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email"),
    *("raw_score", "late_submission_penalty", "score", "max_score"),
)
CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
CANVAS_POINTS = "    Points Possible"
MOODLE = ("Username", "First name", "Last name", "Email address")


@dataclass(frozen=True)
class Grade:
    """A student's grade in an assignment; ``score`` is None where there is none."""

    assignment: str
    due: Any
    handed: Any
    student: str
    last_name: str
    first_name: str
    email: str
    raw: float | None
    penalty: float | None
    score: float | None
    max_score: float


class SafeCsv(ExportPlugin):  # type: ignore[misc]
    """``nbgrader export`` with this course's configuration."""

    def export(self, gradebook: Any) -> None:
        chosen = [
            grade
            for grade in grades(gradebook)
            if (not self.student or grade.student in map(str, self.student))
            and (not self.assignment or grade.assignment in map(str, self.assignment))
        ]
        write(Path(self.to or "grades.csv"), chosen)


def read(course: Course) -> list[Grade]:
    """All grades, by assignment and student. Raises UsageError when nobody is in the gradebook."""
    with course.gradebook() as gradebook:
        found = grades(gradebook)
    if not found:
        raise UsageError("Nobody is graded yet: ./lab nbgrader autograde")
    return found


def grades(gradebook: Gradebook) -> list[Grade]:
    """Every student's grade in every assignment."""
    return [
        _grade(gradebook, assignment, student)
        for assignment in sorted(gradebook.assignments, key=lambda each: str(each.name))
        for student in sorted(gradebook.students, key=lambda each: str(each.id))
    ]


def _grade(gradebook: Gradebook, assignment: Any, student: Any) -> Grade:
    try:
        submission = gradebook.find_submission(assignment.name, student.id)
    except MissingEntry:
        submission = None
    raw = penalty = score = None
    if submission and not _is_ungraded(submission):
        raw = float(submission.score)
        penalty = float(submission.late_submission_penalty or 0.0)
        score = max(0.0, raw - penalty)
    return Grade(
        str(assignment.name),
        assignment.duedate,
        submission.timestamp if submission else None,
        str(student.id),
        student.last_name or "",
        student.first_name or "",
        student.email or "",
        raw,
        penalty,
        score,
        float(assignment.max_score),
    )


def _is_ungraded(submission: Any) -> bool:
    """Whether a cell has neither a grade of the grader's nor one of a person's."""
    return any(
        grade.auto_score is None and grade.manual_score is None
        for notebook in submission.notebooks
        for grade in notebook.grades
    )


def write(path: Path, found: Sequence[Grade]) -> None:
    """nbgrader's columns, a row for each student and assignment. Raises OSError."""
    rows = [
        (
            *(grade.assignment, grade.due, grade.handed, grade.student),
            *(grade.last_name, grade.first_name, grade.email),
            *(grade.raw, grade.penalty, grade.score, grade.max_score),
        )
        for grade in found
    ]
    write_rows(path, [COLUMNS, *rows])


def write_canvas(path: Path, found: Sequence[Grade]) -> None:
    """What Canvas's gradebook imports: a row per student. Raises OSError."""
    worth = {grade.assignment: grade.max_score for grade in found}
    rows = [
        (_name(own[0]), "", "", own[0].student, "", *_scores(own, worth))
        for own in _by_student(found)
    ]
    points = (CANVAS_POINTS, "", "", "", "", *worth.values())
    write_rows(path, [(*CANVAS, *worth), points, *rows])


def write_moodle(path: Path, found: Sequence[Grade]) -> None:
    """What Moodle's gradebook imports from CSV: a row per student. Raises OSError."""
    worth = {grade.assignment: grade.max_score for grade in found}
    rows = [
        (
            *(own[0].student, own[0].first_name, own[0].last_name, own[0].email),
            *_scores(own, worth),
        )
        for own in _by_student(found)
    ]
    write_rows(path, [(*MOODLE, *worth), *rows])


def _by_student(found: Sequence[Grade]) -> list[list[Grade]]:
    students = sorted({grade.student for grade in found})
    return [[grade for grade in found if grade.student == student] for student in students]


def _scores(own: Sequence[Grade], worth: dict[str, float]) -> list[float | None]:
    scores = {grade.assignment: grade.score for grade in own}
    return [scores.get(assignment) for assignment in worth]


def _name(grade: Grade) -> str:
    """As Canvas sorts names; the id where the gradebook has no name."""
    parts = [part for part in (grade.last_name, grade.first_name) if part]
    return ", ".join(parts) or grade.student
