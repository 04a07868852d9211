"""``./lab nbgrader``: a course in nbgrader, from an empty folder to published feedback.

Importing nbgrader takes seconds, so nothing outside of these commands does.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grader.cli.terminal import painted, say

if TYPE_CHECKING:
    from grader.batch.coordinator import Graded
    from grader.desk.autograde import Marked

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Hand out the course with nbgrader, grade it in containers, give feedback, export.",
)
Folder = Annotated[
    Path,
    typer.Option("--course", metavar="DIR", envvar="DRYDOCK_COURSE", help="The course folder."),
]
Assignment = Annotated[str | None, typer.Argument(show_default="all of them")]
Student = Annotated[str | None, typer.Option(help="Only this student.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout and nothing else.")]
HERE = Path()


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    course_id: Annotated[
        str | None, typer.Option(help="The course's id; the folder's name without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a course folder: nbgrader's configuration and an assignment for each notebook."""
    from grader.desk import folder as courses

    course, written = courses.create(folder, course_id)
    _show([{"written": str(path)} for path in written], "{written}", as_json=as_json)
    say(f"The course is in {course.root}. Next: ./lab nbgrader release --course {course.root}")


@app.command()
def release(assignment: Assignment = None, course: Folder = HERE, as_json: AsJson = False) -> int:
    """Make the notebooks that students get, and note their points in the gradebook."""
    from nbgrader.converters import GenerateAssignment

    from grader.desk import convert
    from grader.desk import folder as courses

    opened = courses.find(course)
    done = []
    for name in opened.sources(assignment):
        problem = convert.run(GenerateAssignment, opened, name)
        target = opened.step("release", ".", name)
        done.append({"assignment": name, "released": str(target), "problem": problem})
    _show(done, "{assignment}: {released}", as_json=as_json)
    return 2 if any(each["problem"] for each in done) else 0


@app.command()
def collect(
    folder: Annotated[Path | None, typer.Argument(show_default="nbgrader's exchange")] = None,
    pattern: Annotated[
        str | None,
        typer.Option(metavar="REGEX", help="Names of files in no student's folder."),
    ] = None,
    course: Folder = HERE,
    as_json: AsJson = False,
) -> int:
    """Take notebooks from a folder, or from nbgrader's exchange, into submitted/."""
    from grader.desk import collect as collecting
    from grader.desk import folder as courses

    opened = courses.find(course)
    if folder is None:
        done = [
            {"assignment": name, "problem": collecting.from_exchange(opened, name)}
            for name in opened.assignments()
        ]
        _show(done, "{assignment}: collected", as_json=as_json)
    else:
        found = collecting.from_folder(opened, folder, pattern or collecting.DOWNLOAD)
        done = [vars(each) for each in found]
        _show(done, "{student}: {source} → {assignment} {note}", as_json=as_json)
    return 2 if any(each["problem"] for each in done) else 0


@app.command()
def autograde(
    assignment: Assignment = None,
    student: Student = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Gradings at once.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDR", help="A Dask scheduler, as tcp://HOST:PORT.")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Grade even what was graded before.")
    ] = False,
    course: Folder = HERE,
    as_json: AsJson = False,
) -> int:
    """Grade what is in submitted/, in containers, and record it in the gradebook."""
    from grader.batch import coordinator
    from grader.cli.grade import Shown, Tally, Wish, crew_of
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
        crew = crew_of(Wish(opened.root, jobs, scheduler))
        tally = Tally(sum(len(paper.entries) for paper in papers), crew.size)
        shown = Shown(tally, as_json=False)

        def listen(graded: Graded) -> None:
            tally.add(graded)
            shown.show(graded)

        marked = []
        for each in grading.mark(opened, papers, crew, results, listen, fresh=no_cache):
            marked.append(each)
            _show_marked(each, as_json=as_json)
    shown.end()
    if any(each.problem for each in marked):
        return 3
    return 0 if all(each.passed for each in marked) else 1


@app.command()
def feedback(
    assignment: Assignment = None,
    student: Student = None,
    course: Folder = HERE,
    as_json: AsJson = False,
) -> int:
    """Write a page for each student: points, what was observed, hints, your comments."""
    from nbgrader.converters import GenerateFeedback

    from grader.desk import convert
    from grader.desk import folder as courses
    from grader.verdict.outcome import UsageError

    opened = courses.find(course)
    done = []
    for name in opened.assignments(assignment):
        pattern = opened.step("autograded", student or "*", name)
        for place in sorted(opened.root.glob(str(pattern.relative_to(opened.root)))):
            who = place.relative_to(opened.root).parts[1]
            problem = convert.run(GenerateFeedback, opened, name, who)
            page = opened.step("feedback", who, name)
            done.append(
                {"student": who, "assignment": name, "feedback": str(page), "problem": problem}
            )
    if not done:
        raise UsageError("Nothing is graded yet: ./lab nbgrader autograde")
    _show(done, "{student}: {feedback}", as_json=as_json)
    return 3 if any(each["problem"] for each in done) else 0


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="nbgrader's own columns, CSV.")],
    canvas: Annotated[
        Path | None, typer.Option(metavar="FILE", help="For Canvas's gradebook.")
    ] = None,
    moodle: Annotated[
        Path | None, typer.Option(metavar="FILE", help="For Moodle's gradebook.")
    ] = None,
    course: Folder = HERE,
) -> None:
    """Write the gradebook as tables."""
    from grader.desk import export as exporting
    from grader.desk import folder as courses
    from grader.verdict.outcome import UsageError

    found = exporting.read(courses.find(course))
    try:
        exporting.write(file, found)
        if canvas:
            exporting.write_canvas(canvas, found)
        if moodle:
            exporting.write_moodle(moodle, found)
    except OSError as error:
        raise UsageError(f"{error.filename} can't be written: {error.strerror}.") from error
    without = sum(grade.score is None for grade in found)
    say(f"{len(found) - without} grades; {without} cells stay empty: not handed in or not graded.")


@app.command()
def formgrader(
    port: Annotated[int, typer.Option(help="JupyterLab's port.")] = 8889,
    no_browser: Annotated[bool, typer.Option("--no-browser")] = False,
    course: Folder = HERE,
) -> None:
    """Open JupyterLab on the course, with nbgrader's Formgrader."""
    from grader.desk import folder as courses
    from grader.exercise import project

    opened = courses.find(course)
    os.environ["PYTHONPATH"] = str(project.ROOT)
    os.chdir(opened.root)
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={opened.root}"]
    # Named by number: "localhost" may be two addresses, with a port of its own each for --port 0.
    command += [
        "--ServerApp.ip=127.0.0.1",
        f"--port={port}",
        *(["--no-browser"] if no_browser else []),
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    say("Nbgrader > Formgrader in the menu; Ctrl-C ends it.")
    os.execv(sys.executable, command)  # noqa: S606


def _show(done: Iterable[Mapping[str, Any]], form: str, *, as_json: bool) -> None:
    """A line for each; what went wrong in place of what was done."""
    for each in done:
        if as_json:
            print(json.dumps(dict(each), ensure_ascii=False))
        elif each.get("problem"):
            who = each.get("student") or each.get("assignment")
            what = f" {each['source']}:" if "source" in each else ""
            print(painted(f"  {who}:{what} {each['problem']}", "35"))
        else:
            print(f"  {form.format(**each)}".rstrip())


def _show_marked(marked: Marked, *, as_json: bool) -> None:
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
