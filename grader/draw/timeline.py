"""Lanes over time: bars, probes and signs, for pictures in which one thing ends another.

Knows time and names only; what they mean is ``shutdown.py``'s and ``health.py``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grader.draw import axis, svg
from grader.draw.axis import Scale
from grader.draw.picture import WIDTH, Picture

LEFT = 176
RIGHT = 24
LANE = 36
BAR = 22
ROW = 15
"""Pixels: the lanes' names, the margin, a lane, its bar, a row of signs."""


@dataclass(frozen=True)
class Bar:
    """Something that lasted. ``text`` stands in it, or beside it where it doesn't fit."""

    begin: float
    end: float
    text: str
    colour: str


@dataclass(frozen=True)
class Try:
    """Something short that went well or did not, which was known at its end."""

    begin: float
    end: float
    ok: bool


@dataclass(frozen=True)
class Lane:
    """A row with a name."""

    name: str
    bars: Sequence[Bar] = ()
    tries: Sequence[Try] = ()


@dataclass(frozen=True)
class Sign:
    """A moment that concerns every lane: a line from top to bottom with a word above."""

    at: float
    text: str
    colour: str = svg.INK


@dataclass(frozen=True)
class Band:
    """A stretch of time behind the lanes, with a word below them."""

    begin: float
    end: float
    text: str


def draw(
    title: str,
    lanes: Sequence[Lane],
    signs: Sequence[Sign],
    bands: Sequence[Band],
    unit: str,
    words: str,
) -> Picture:
    """All times in seconds relative to what ``unit`` names."""
    scale = _scale(lanes, signs, bands)
    rows = _rows(signs, scale)
    top = 34 + ROW * (max(rows, default=-1) + 1) + 6
    bottom = top + LANE * len(lanes)
    parts = [
        svg.text(16, 22, title, weight="600", size=13.5),
        *(_band(band, scale, top, bottom) for band in bands),
        axis.horizontal(scale, top, bottom, unit),
        *(_sign(sign, row, scale, bottom) for sign, row in zip(signs, rows, strict=True)),
        *(_lane(lane, top + LANE * index, scale) for index, lane in enumerate(lanes)),
    ]
    return Picture("".join(parts), int(bottom + 42), words)


def _scale(lanes: Iterable[Lane], signs: Iterable[Sign], bands: Iterable[Band]) -> Scale:
    times = [0.0, *(sign.at for sign in signs), *(band.end for band in bands)]
    for lane in lanes:
        times += [time for bar in lane.bars for time in (bar.begin, bar.end)]
        times += [time for attempt in lane.tries for time in (attempt.begin, attempt.end)]
    low, high = min(times), max(times)
    margin = 0.03 * (high - low) or 0.5
    return Scale(low - margin if low < 0 else low, high + margin, LEFT, WIDTH - RIGHT)


def _rows(signs: Sequence[Sign], scale: Scale) -> list[int]:
    """For each sign the first row in which its word stands free."""
    ends: list[float] = []
    rows = []
    for sign in signs:
        begin, end = _word(sign, scale)
        row = next((row for row, taken in enumerate(ends) if taken < begin), len(ends))
        if row == len(ends):
            ends.append(end)
        ends[row] = end
        rows.append(row)
    return rows


def _word(sign: Sign, scale: Scale) -> tuple[float, float]:
    """Where a sign's word begins and ends: right of its line, left of it near the margin."""
    x, length = scale(sign.at), svg.width(sign.text, 11.5) + 8
    return (x, x + length) if x + length < WIDTH - 6 else (x - length, x)


def _sign(sign: Sign, row: int, scale: Scale, bottom: float) -> str:
    x, y = scale(sign.at), 34 + ROW * row + 11
    to_the_right = _word(sign, scale)[0] == x
    return svg.line(x, y - 10, x, bottom, sign.colour, stroke_width=1.5) + svg.text(
        x + 4 if to_the_right else x - 4,
        y,
        sign.text,
        sign.colour,
        "start" if to_the_right else "end",
        11.5,
        "600",
    )


def _band(band: Band, scale: Scale, top: float, bottom: float) -> str:
    begin, end = scale(band.begin), scale(band.end)
    return svg.rectangle(begin, top, end - begin, bottom - top, "#eef2f6") + svg.text(
        begin, bottom + 31, svg.clipped(band.text, end - begin + 60, 11), svg.SOFT, size=11
    )


def _lane(lane: Lane, y: float, scale: Scale) -> str:
    middle = y + LANE / 2
    name = svg.clipped(lane.name, LEFT - 26)
    parts = [svg.text(LEFT - 12, middle + 4, name, anchor="end")]
    for index, bar in enumerate(lane.bars):
        before = [scale(other.end) for other in lane.bars[:index]]
        later = [scale(other.begin) for other in lane.bars[index + 1 :]]
        free = max(before, default=float(LEFT)), min(later, default=WIDTH - 8.0)
        parts.append(_bar(bar, middle, scale, free))
    for attempt in lane.tries:
        begin, end = scale(attempt.begin), scale(attempt.end)
        colour, mark = (svg.GREEN, svg.tick_mark) if attempt.ok else (svg.RED, svg.cross_mark)
        parts.append(svg.line(begin, middle + 8, end, middle + 8, colour, stroke_width=3))
        parts.append(mark(end, middle - 3))
    return "".join(parts)


def _bar(bar: Bar, middle: float, scale: Scale, free: tuple[float, float]) -> str:
    """``free`` is where no other bar of the lane is, around this one."""
    begin, end = scale(bar.begin), scale(bar.end)
    length = max(1.5, end - begin)
    shape = svg.rectangle(begin, middle - BAR / 2, length, BAR, bar.colour, rx="3")
    needed = svg.width(bar.text, 11.5)
    if not bar.text:
        return shape
    if needed + 8 <= length:
        return shape + svg.text(begin + 6, middle + 4, bar.text, svg.GROUND, size=11.5)
    if end + needed + 6 <= free[1]:
        return shape + svg.text(end + 6, middle + 4, bar.text, bar.colour, size=11.5)
    if begin - needed - 6 >= free[0]:
        return shape + svg.text(begin - 6, middle + 4, bar.text, bar.colour, "end", 11.5)
    if length < 40:
        return shape
    short = svg.clipped(bar.text, length - 8, 11.5)
    return shape + svg.text(begin + 5, middle + 4, short, svg.GROUND, size=11.5)
