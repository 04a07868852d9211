"""Grades an assignment: the whole class in containers first, then nbgrader's Autograde for each
student whose answers all have a verdict. Of the others nothing is recorded; they can be graded
again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from nbgrader.converters import Autograde

from grader.batch import coordinator
from grader.batch.coordinator import Graded, Plan
from grader.batch.crew import Crew
from grader.desk import convert, settings
from grader.desk.folder import Course
from grader.desk.sandbox import GradeInSandbox
from grader.desk.submitted import Paper
from grader.exercise import catalog
from grader.store import Results
from grader.verdict.report import Report, Status


@dataclass(frozen=True)
class Marked:
    """What came of a paper: points in the gradebook, or the ``problem``."""

    student: str
    assignment: str
    score: float = 0.0
    max_score: float = 0.0
    passed: bool = False
    needs_person: bool = False
    notes: tuple[str, ...] = ()
    problem: str = ""


def mark(
    course: Course,
    papers: Sequence[Paper],
    crew: Crew,
    results: Results,
    listen: Callable[[Graded], None],
    *,
    fresh: bool = False,
) -> Iterator[Marked]:
    """Grade papers and record them in the gradebook, one after the other. Raises GraderError."""
    entries = [entry for paper in papers for entry in paper.entries]
    plan = Plan.of(entries, catalog.discover(), crew, {})
    verdicts: dict[tuple[str, str], Report] = {}
    problems: dict[tuple[str, str], str] = {}
    with closing(coordinator.grade(plan, crew, results, fresh=fresh)) as stream:
        for graded in stream:
            listen(graded)
            assert graded.entry.submission
            key = graded.entry.exercise, graded.entry.submission.digest
            if graded.counts and graded.report:
                verdicts[key] = graded.report
            else:
                problems[key] = f"{graded.entry.exercise}: {graded.problem}"
    for paper in papers:
        yield _record(course, paper, verdicts, problems)


def _record(
    course: Course,
    paper: Paper,
    verdicts: Mapping[tuple[str, str], Report],
    problems: Mapping[tuple[str, str], str],
) -> Marked:
    keys = [
        (entry.exercise, entry.submission.digest) for entry in paper.entries if entry.submission
    ]
    problem = paper.problem or next((problems[key] for key in keys if key in problems), "")
    if not problem:
        problem = convert.run(
            Autograde,
            course,
            paper.assignment,
            paper.student,
            autograde_preprocessors=_pipeline(course, verdicts),
        )
    if problem:
        if course.step("autograded", paper.student, paper.assignment).exists():
            problem += " The grade from before stays in the gradebook."
        return Marked(paper.student, paper.assignment, notes=paper.notes, problem=problem)
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(paper.assignment, paper.student)
        return Marked(
            paper.student,
            paper.assignment,
            float(submission.score),
            float(submission.max_score),
            all(verdicts[key].status is Status.PASSED for key in keys),
            bool(submission.needs_manual_grade),
            paper.notes,
        )


def _pipeline(course: Course, verdicts: Mapping[tuple[str, str], Report]) -> list[Any]:
    """The course's own preprocessors; the sandbox is told what is known already."""
    known = GradeInSandbox(known=verdicts)
    return [
        known if each == settings.SANDBOX else each
        for each in course.config.Autograde.autograde_preprocessors
    ]
