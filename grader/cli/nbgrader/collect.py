"""``./lab nbgrader collect``: students' notebooks into the course."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.arguments import AsJson
from grader.cli.nbgrader.arguments import HERE, Folder
from grader.cli.nbgrader.shown import show


def command(
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
        show(done, "{assignment}: collected", as_json=as_json)
    else:
        found = collecting.from_folder(opened, folder, pattern or collecting.DOWNLOAD)
        done = [vars(each) for each in found]
        show(done, "{student}: {source} → {assignment} {note}", as_json=as_json)
    return 2 if any(each["problem"] for each in done) else 0
