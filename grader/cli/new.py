"""``./lab new``: an exercise from the template."""

from __future__ import annotations

from typing import Annotated

import typer

from grader.cli.terminal import say


def command(place: Annotated[str, typer.Argument(metavar="SECTION/EXERCISE")]) -> None:
    """A new exercise from the template (for authors)."""
    from grader.author import new as template

    for path in template.create(place):
        print(path)
    say(f"Write what is marked there, then: ./lab verify {place.rpartition('/')[2]}")
