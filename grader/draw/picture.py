"""A picture: an SVG in a data URI, inside an ``<img>`` with words for those who don't see it.

An image in ``<img>`` runs no script and survives JupyterLab's sanitizer, which inline SVG does
not. It can't know the notebook's theme, so each picture brings a light ground of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from grader.draw import svg
from grader.verdict.text import clean

WIDTH = 780
"""CSS pixels; what a notebook's column holds without a scroll bar."""


@dataclass(frozen=True)
class Picture:
    """What a cell shows. ``words`` tell what is seen; ``content`` is SVG, already escaped."""

    content: str
    height: int
    words: str

    def __repr__(self) -> str:
        return clean(self.words)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        return (
            f'<img class="drydock-picture" alt="{escape(repr(self))}" width="{WIDTH}" '
            f'height="{self.height}" style="display: block; max-width: 100%; height: auto; '
            f'margin: 4px 0" src="data:image/svg+xml,{quote(self.svg)}">'
        )

    @property
    def svg(self) -> str:
        """The whole SVG document."""
        ground = svg.rectangle(
            0.5, 0.5, WIDTH - 1, self.height - 1, svg.GROUND, stroke=svg.FAINT, rx="8"
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}" '
            f"font-family=\"system-ui, 'DejaVu Sans', sans-serif\">{ground}{self.content}</svg>"
        )
