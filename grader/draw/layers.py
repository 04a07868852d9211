"""An image's layers as bars: which instruction costs how much."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from grader.draw import svg
from grader.draw.axis import Scale
from grader.draw.picture import WIDTH, Picture
from grader.verdict.text import clean

History = Sequence[Mapping[str, Any]]
LEFT = 372
RIGHT = 92
ROW = 24


def layer_bars(
    history: History | Mapping[str, History],
    base: History = (),
    title: str = "Layers by size",
) -> Picture:
    """The layers of one ``image.history()``, or of several by name on one scale, in the order in
    which they were built. Those that ``base``, another history, has as well are drawn grey."""
    images = history if isinstance(history, Mapping) else {"": history}
    shared = {_identity(entry) for entry in base}
    sizes = [int(entry["Size"]) for entries in images.values() for entry in entries]
    scale = Scale(0, max(sizes, default=0) or 1, LEFT, WIDTH - RIGHT)
    parts, words, y = [svg.text(16, 22, title, weight="600", size=13.5)], [], 34.0
    if base:
        parts.append(
            svg.text(WIDTH - 16, 22, "grey: the base image's layers", svg.SOFT, "end", 11.5)
        )
    for name, entries in images.items():
        rows = [entry for entry in reversed(entries) if entry["Size"]]
        total = f"{name or 'the image'}: {size(_sum(rows))}"
        if shared:
            own = [entry for entry in rows if _identity(entry) not in shared]
            total += f", {size(_sum(own))} of it above the base"
        parts.append(svg.text(16, y + 16, total, weight="600"))
        y += ROW
        for entry in rows:
            parts.append(_row(entry, y, scale, _identity(entry) in shared))
            y += ROW
        if empty := len(entries) - len(rows):
            note = f"{empty} more that add{'' if empty > 1 else 's'} no file: 0 B"
            parts.append(svg.text(LEFT - 12, y + 15, note, svg.SOFT, "end", 11.5))
            y += ROW
        words.append(
            f"{total} ("
            + ", ".join(f"{size(entry['Size'])} {instruction(entry)[:60]}" for entry in rows)
            + ")"
        )
        y += 6
    return Picture("".join(parts), int(y + 8), f"{title}. {'; '.join(words)}.")


def _row(entry: Mapping[str, Any], y: float, scale: Scale, in_base: bool) -> str:
    length = max(1.5, scale(entry["Size"]) - LEFT)
    label = svg.clipped(instruction(entry), LEFT - 34, 11.5)
    return (
        svg.text(LEFT - 12, y + 15, label, anchor="end", size=11.5)
        + svg.rectangle(LEFT, y + 3, length, 17, "#8c959f" if in_base else svg.BLUE, rx="2")
        + svg.text(LEFT + length + 7, y + 15, size(entry["Size"]), size=11.5, weight="600")
    )


def _sum(entries: History) -> int:
    return sum(int(entry["Size"]) for entry in entries)


def _identity(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return entry["Created"], entry["CreatedBy"], entry["Size"]


def instruction(entry: Mapping[str, Any]) -> str:
    """What a person wrote in the Dockerfile, from what the engine keeps of it."""
    kept = " ".join(clean(str(entry["CreatedBy"])).split())
    kept = kept.removesuffix("# buildkit").strip()
    kept = re.sub(r"^/bin/sh -c #\(nop\) *", "", kept)
    kept = re.sub(r"^(RUN )?(\|\d+ .*?)?/bin/sh -c ", "RUN ", kept)
    kept = re.sub(r"^Imported from -$", "the imported file system", kept)
    return kept or clean(str(entry.get("Comment") or "")).strip() or "a layer without a history"


def size(bytes: int) -> str:
    """As docker writes sizes: decimal units, three digits."""
    value = float(bytes)
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.3g} {unit}"
        value /= 1000
    return f"{value:.3g} GB"
