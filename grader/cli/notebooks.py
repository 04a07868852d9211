"""``./lab notebooks``: notebooks from their sources."""

from __future__ import annotations

from grader.cli.arguments import AsJson


def command(as_json: AsJson = False) -> None:
    """Expand notebooks/source into notebooks (for authors)."""
    from grader.cli.terminal import document
    from grader.notebook import expand

    written = [str(path) for path in expand.expand_all()]
    print(document({"written": written}) if as_json else "\n".join(f"written {p}" for p in written))
