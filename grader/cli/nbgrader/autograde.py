"""``./lab nbgrader autograde``: what is handed in, graded in containers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from grader.cli.arguments import AsJson, Jobs, NoCache, Scheduler
from grader.cli.nbgrader.arguments import HERE, Assignment, Folder, Student
from grader.cli.terminal import painted

if TYPE_CHECKING:
    from grader.batch.coordinator import Graded
    from grader.desk.autograde import Marked


def command(
    assignment: Assignment = None,
    student: Student = None,
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    no_cache: NoCache = False,
    course: Folder = HERE,
    as_json: AsJson = False,
) -> int:
    """Grade what is in submitted/, in containers, and record it in the gradebook."""
    from grader.batch import coordinator
    from grader.cli.crew import crew_of
    from grader.cli.tally import Shown, Tally
    from grader.desk import autograde as grading
    from grader.desk import folder as courses
    from grader.desk import submitted
    from grader.exercise import catalog
    from grader.store import Results
    from grader.verdict.outcome import UsageError

    opened = courses.find(course)
    exercises = catalog.discover()
    papers = [
        paper
        for name in opened.assignments(assignment)
        for paper in submitted.papers(opened, name, exercises, student if assignment else None)
        if not student or paper.student == student
    ]
    if not papers:
        raise UsageError("Nothing is handed in: ./lab nbgrader collect FOLDER")
    with coordinator.only_one(), Results.open() as results:
        crew = crew_of(jobs, scheduler)
        tally = Tally(sum(len(paper.entries) for paper in papers), crew.size)
        shown = Shown(tally, as_json=False)

        def listen(graded: Graded) -> None:
            tally.add(graded)
            shown.show(graded)

        marked = []
        for each in grading.mark(opened, papers, crew, results, listen, fresh=no_cache):
            marked.append(each)
            _show(each, as_json=as_json)
    shown.end()
    if any(each.problem for each in marked):
        return 3
    return 0 if all(each.passed for each in marked) else 1


def _show(marked: Marked, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(vars(marked), ensure_ascii=False), flush=True)
        return
    if marked.problem:
        line = painted(f"not graded. {marked.problem}", "35")
    else:
        line = f"{marked.score:6g} of {marked.max_score:g}"
        line += "  needs a person" if marked.needs_person else ""
    print(f"  {marked.assignment}  {marked.student:30.30} {line}")
    for note in marked.notes:
        print(f"    {note}")
