"""``./lab nbgrader init``: an empty folder becomes a course."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.arguments import AsJson
from grader.cli.nbgrader.shown import show
from grader.cli.terminal import say


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    course_id: Annotated[
        str | None, typer.Option(help="The course's id; the folder's name without it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a course folder: nbgrader's configuration and an assignment for each notebook."""
    from grader.desk import folder as courses

    course, written = courses.create(folder, course_id)
    show([{"written": str(path)} for path in written], "{written}", as_json=as_json)
    say(f"The course is in {course.root}. Next: ./lab nbgrader release --course {course.root}")
