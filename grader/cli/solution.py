"""``./lab solution``: one good answer, asked for twice where nothing was tried."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from grader.cli.arguments import AsJson, Name


def command(
    exercise: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """One good answer."""
    from grader import store
    from grader.cli.terminal import document, painted, say
    from grader.exercise import catalog

    chosen = catalog.find(exercise)
    is_untried = store.progress(chosen.id).attempts == 0
    if is_untried and not yes and not as_json and sys.stdin.isatty():
        say(f"You haven't tried {chosen.id} yet. Show the solution all the same? [y/N]")
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return
    if as_json:
        print(document({"exercise": chosen.id, "files": dict(chosen.solved)}))
        return
    for name, text in chosen.solved.items():
        print(f"{painted('── ' + name + ' ──', '1')}\n{text}")
