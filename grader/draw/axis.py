"""Scales between values and pixels, and axes whose numbers a person can read at a glance."""

from __future__ import annotations

import math
from dataclasses import dataclass

from grader.draw import svg


@dataclass(frozen=True)
class Scale:
    """``low`` … ``high`` of a quantity on ``start`` … ``stop`` in pixels."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + min(1.0, max(0.0, share)) * (self.stop - self.start)


def ticks(low: float, high: float, most: int = 8) -> list[float]:
    """Round numbers from ``low`` to ``high``: multiples of 1, 2 or 5 times a power of ten."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw * 0.999999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(index * step, 9) for index in range(first, last + 1)]


def horizontal(scale: Scale, top: float, bottom: float, unit: str) -> str:
    """The x axis below ``bottom``, with a faint line up to ``top`` at each number."""
    parts = []
    for value in ticks(scale.low, scale.high):
        x = scale(value)
        parts.append(svg.line(x, top, x, bottom))
        parts.append(svg.text(x, bottom + 16, f"{value:g}", svg.SOFT, "middle", 11))
    parts.append(svg.line(scale.start, bottom, scale.stop, bottom, svg.SOFT))
    parts.append(svg.text(scale.stop, bottom + 31, unit, svg.SOFT, "end", 11))
    return "".join(parts)


def vertical(scale: Scale, left: float, right: float, unit: str) -> str:
    """The y axis left of ``left``, with a faint line to ``right`` at each number."""
    parts = []
    for value in ticks(scale.low, scale.high, 6):
        y = scale(value)
        parts.append(svg.line(left, y, right, y))
        parts.append(svg.text(left - 7, y + 4, f"{value:g}", svg.SOFT, "end", 11))
    parts.append(svg.text(left - 7, scale.stop - 10, unit, svg.SOFT, "end", 11))
    return "".join(parts)
