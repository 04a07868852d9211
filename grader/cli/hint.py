"""``./lab hint``: the next hint, from gentle to plain."""

from __future__ import annotations

from typing import Annotated

import typer

from grader.cli.arguments import AsJson, Name


def command(
    exercise: Name,
    check: Annotated[str | None, typer.Argument(help="A check; the first failed one else.")] = None,
    as_json: AsJson = False,
) -> None:
    """The next hint, from gentle to plain."""
    import textwrap

    from grader.cli.terminal import document, painted, width
    from grader.exercise import catalog
    from grader.learner import hints

    chosen = catalog.find(exercise)
    found = hints.next_hint(chosen, check)
    if as_json:
        content = {"exercise": chosen.id, "check": found.check, "hint": found.text}
        print(document({**content, "number": found.number, "total": found.total}))
        return
    print("\n".join([painted(found.title, "1"), *textwrap.wrap(found.text, width())]))
    if found.number < found.total:
        print(painted(f"Hint {found.number} of {found.total}.", "2"))
    else:
        print(painted(f"That was the last of {found.total}; ./lab solution {chosen.id}", "2"))
