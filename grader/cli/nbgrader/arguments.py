"""Arguments and options that several commands of a course in nbgrader take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[
    Path,
    typer.Option("--course", metavar="DIR", envvar="DRYDOCK_COURSE", help="The course folder."),
]
HERE = Path()
Assignment = Annotated[str | None, typer.Argument(show_default="all of them")]
Student = Annotated[str | None, typer.Option(help="Only this student.")]
