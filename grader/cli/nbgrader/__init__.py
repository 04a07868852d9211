"""``./lab nbgrader``: a course in nbgrader, from an empty folder to published feedback.

Importing nbgrader takes seconds, so nothing outside of these commands does, and they do when they
run.
"""

from __future__ import annotations

import typer

from grader.cli.nbgrader import autograde, collect, export, feedback, formgrader, init, release

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Hand out the course with nbgrader, grade it in containers, give feedback, export.",
)
for module in (init, release, collect, autograde, feedback, export, formgrader):
    app.command(module.__name__.rpartition(".")[2])(module.command)
