"""Arguments and options that several commands take, in the same words."""

from __future__ import annotations

from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(metavar="EXERCISE", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout and nothing else.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Gradings at once.")]
Scheduler = Annotated[
    str | None, typer.Option(metavar="ADDR", help="A Dask scheduler, as tcp://HOST:PORT.")
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Grade even what was graded before.")]
