"""``./lab nbgrader export``: the gradebook as tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.nbgrader.arguments import HERE, Folder
from grader.cli.terminal import say


def command(
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
