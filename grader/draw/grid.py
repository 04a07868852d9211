"""What happened to each step in each of several cases: a grid of signs with a word or two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from grader.draw import svg
from grader.draw.picture import WIDTH, Picture

LEFT = 284
ROW = 24
MARGIN = 16

Sign = Literal["went", "failed", "left out", ""]


@dataclass(frozen=True)
class Cell:
    """One step in one case. ``loud`` words are what the case is about."""

    sign: Sign
    text: str = ""
    loud: bool = False


@dataclass(frozen=True)
class Row:
    """A step in all cases, or without cells a heading."""

    name: str
    cells: Sequence[Cell] = ()


def outcome_grid(title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> Picture:
    """``columns`` are the cases: two lines of words each."""
    wide = (WIDTH - MARGIN - LEFT) / max(1, len(columns))
    parts = [svg.text(MARGIN, 22, title, weight="600", size=13.5)]
    for index, lines in enumerate(columns):
        for line, words in enumerate(lines):
            short = svg.clipped(words, wide - 4, 11)
            parts.append(svg.text(LEFT + wide * index, 46 + 14 * line, short, svg.SOFT, size=11))
    y = 68.0
    for row in rows:
        parts.append(svg.line(MARGIN, y, WIDTH - MARGIN, y))
        name = svg.clipped(row.name, LEFT - MARGIN - 20)
        weight = "400" if row.cells else "600"
        parts.append(svg.text(MARGIN + 12 * bool(row.cells), y + 16, name, weight=weight))
        for index, cell in enumerate(row.cells):
            parts.append(_cell(cell, LEFT + wide * index, y + 12, wide))
        y += ROW
    return Picture("".join(parts), int(y + 10), _words(title, columns, rows))


def _cell(cell: Cell, x: float, middle: float, wide: float) -> str:
    match cell.sign:
        case "went":
            sign, colour = svg.tick_mark(x + 6, middle), svg.INK
        case "failed":
            sign, colour = svg.cross_mark(x + 6, middle), svg.RED
        case "left out":
            sign, colour = svg.line(x + 2, middle, x + 10, middle, svg.SOFT), svg.SOFT
        case _:
            sign, colour = "", svg.SOFT
    words = svg.clipped(cell.text, wide - 20, 11)
    weight = "600" if cell.loud else "400"
    return sign + svg.text(
        x + 17, middle + 4, words, svg.BLUE if cell.loud else colour, size=11, weight=weight
    )


def _words(title: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> str:
    told = []
    for index, lines in enumerate(columns):
        steps = [
            f"{row.name}: {', '.join(filter(None, (row.cells[index].sign, row.cells[index].text)))}"
            for row in rows
            if row.cells and row.cells[index].sign
        ]
        told.append(f"{' '.join(filter(None, lines))}: {', '.join(steps) or 'not started'}")
    return f"{title}. {'; '.join(told)}."
