"""``./lab worker``: this machine grades for a Dask scheduler."""

from __future__ import annotations

from typing import Annotated

import typer

from grader.cli.arguments import Jobs
from grader.cli.terminal import say


def command(
    address: Annotated[str, typer.Argument(metavar="ADDR", help="The scheduler's address.")],
    jobs: Jobs = None,
) -> None:
    """Grade for a Dask scheduler, on this machine's engine."""
    from grader.batch import worker

    say(f"Working for {address}; Ctrl-C ends it.")
    worker.serve(address, jobs)
