"""Small pictures for cards: SVG in a data URI, inside an ``<img>`` with a text for those who
don't see it.

An image in ``<img>`` runs no script and survives JupyterLab's sanitizer and nbgrader's feedback,
which inline SVG does not.
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from grader.verdict.report import Status

COLOUR: dict[Status, str] = {
    Status.PASSED: "#1a7f37",
    Status.FAILED: "#c2212d",
    Status.ERROR: "#9a4a00",
    Status.SKIPPED: "#57606a",
    Status.ADVICE: "#0a60c4",
}
"""Each has a contrast of at least 4.5:1 against white, whatever the notebook's theme."""

WORD: dict[Status, str] = {
    Status.PASSED: "passed",
    Status.FAILED: "failed",
    Status.ERROR: "grader error",
    Status.SKIPPED: "skipped",
    Status.ADVICE: "advice",
}

_STROKE: dict[Status, str] = {
    Status.PASSED: '<path d="M5.5 10.5l3 3 6-7"/>',
    Status.FAILED: '<path d="M6.5 6.5l7 7m0-7l-7 7"/>',
    Status.ERROR: '<path d="M10 5v6m0 3.4v.2"/>',
    Status.SKIPPED: '<path d="M5.5 10h9"/>',
    Status.ADVICE: '<path d="M10 9v6M10 5.4v.2"/>',
}


def icon(status: Status, size: int = 18) -> str:
    """A round status icon as an ``<img>``; its word stands beside it, so ``alt`` is empty."""
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">'
        f'<circle cx="10" cy="10" r="10" fill="{COLOUR[status]}"/>'
        '<g fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round" '
        f'stroke-linejoin="round">{_STROKE[status]}</g></svg>'
    )
    return image(svg, "", size, size)


def image(svg: str, alt: str, width: int, height: int) -> str:
    """An ``<img>`` that holds ``svg``. Sizes in CSS pixels."""
    return (
        f'<img alt="{escape(alt)}" width="{width}" height="{height}" '
        f'style="display: inline-block; vertical-align: middle; margin: 0; max-width: none" '
        f'src="data:image/svg+xml,{quote(svg)}">'
    )
