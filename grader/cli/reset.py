"""``./lab reset``: the starter into the workspace."""

from __future__ import annotations

from grader.cli.arguments import AsJson, Name


def command(exercise: Name, as_json: AsJson = False) -> None:
    """Put the starter into the workspace; what was there is kept."""
    import textwrap

    from grader.cli.terminal import document, width
    from grader.exercise import catalog
    from grader.learner import workspace

    chosen = catalog.find(exercise)
    kept = workspace.reset(chosen)
    if as_json:
        place = str(chosen.workspace)
        print(document({"workspace": place, "kept": str(kept) if kept else None}))
        return
    print(f"The starter of {chosen.id} is in {chosen.workspace}.")
    if kept:
        print(f"What was there is kept in {kept}.")
    print(f"\n{textwrap.fill(chosen.brief, width())}\n\nThen: ./lab check {chosen.id}")
