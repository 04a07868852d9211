"""``./lab clean``: away with what gradings left that were cut off."""

from __future__ import annotations

from grader.cli.arguments import AsJson


def command(as_json: AsJson = False) -> None:
    """Remove containers, images and networks of gradings that were cut off."""
    from grader.cli.terminal import document
    from grader.grading import runner

    removed = runner.sweep()
    if as_json:
        print(document({"removed": removed}))
    else:
        print("\n".join(f"removed {each}" for each in removed) or "Nothing was left to remove.")
