"""``./lab nbgrader formgrader``: the course in JupyterLab."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from grader.cli.nbgrader.arguments import HERE, Folder
from grader.cli.terminal import say


def command(
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
