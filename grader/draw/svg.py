"""Pieces of SVG as text. Everything that comes from outside is cleaned and escaped here."""

from __future__ import annotations

from html import escape
from typing import Literal

from grader.verdict.text import clean

GROUND = "#ffffff"
INK = "#1f2328"
SOFT = "#57606a"
FAINT = "#d0d7de"
BLUE = "#0a60c4"
GREEN = "#1a7f37"
RED = "#c2212d"
AMBER = "#9a4a00"
"""Ink, soft and the four colours have a contrast of at least 4.5:1 against the ground."""

Anchor = Literal["start", "middle", "end"]


def element(tag: str, content: str = "", /, **attributes: str | float) -> str:
    """One element. ``content`` is SVG already; attribute values are escaped, ``_`` is ``-``."""
    shown = "".join(
        f' {name.replace("_", "-")}="{escape(number(value))}"' for name, value in attributes.items()
    )
    return f"<{tag}{shown}>{content}</{tag}>" if content else f"<{tag}{shown}/>"


def number(value: str | float) -> str:
    """A coordinate without needless digits; text as it is."""
    return clean(value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def text(
    x: float,
    y: float,
    content: str,
    colour: str = INK,
    anchor: Anchor = "start",
    size: float = 12,
    weight: str = "400",
) -> str:
    """One line of text whose baseline is at ``y``."""
    words = escape(" ".join(clean(content).split()), quote=False)
    return element(
        "text",
        words,
        x=x,
        y=y,
        fill=colour,
        text_anchor=anchor,
        font_size=size,
        font_weight=weight,
    )


def width(content: str, size: float = 12) -> float:
    """Roughly how wide a text will be, in pixels: a little more rather than less."""
    return len(content) * size * 0.6


def clipped(content: str, pixels: float, size: float = 12) -> str:
    """The text's beginning, as much as fits."""
    most = max(1, int(pixels / (size * 0.6)))
    words = " ".join(clean(content).split())
    return words if len(words) <= most else f"{words[: most - 1]}…"


def line(
    x1: float, y1: float, x2: float, y2: float, colour: str = FAINT, **attributes: str | float
) -> str:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour, **attributes)


def rectangle(
    x: float, y: float, width: float, height: float, fill: str, **attributes: str | float
) -> str:
    return element("rect", x=x, y=y, width=width, height=height, fill=fill, **attributes)


def path(d: str, colour: str, **attributes: str | float) -> str:
    """A stroke without a filling, unless ``fill`` is given."""
    return element("path", d=d, stroke=colour, **{"fill": "none", **attributes})


def tick_mark(x: float, y: float) -> str:
    """A small check mark in the middle of (x, y)."""
    return path(f"M{number(x - 4)} {number(y)}l3 3.5 5.5-7", GREEN, stroke_width=2)


def cross_mark(x: float, y: float) -> str:
    """A small cross in the middle of (x, y)."""
    return path(f"M{number(x - 3.5)} {number(y - 3.5)}l7 7m0-7l-7 7", RED, stroke_width=2)
