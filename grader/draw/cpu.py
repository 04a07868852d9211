"""When a busy program really ran: what a CPU limit looks like from inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.draw import svg
from grader.draw.picture import Picture
from grader.draw.timeline import Bar, Lane, draw

Stretch = tuple[float, float]


def cpu_slices(
    stretches: Mapping[str, Sequence[Stretch]], title: str = "When the program was running"
) -> Picture:
    """``stretches`` hold, by name, when a busy program began and ceased to run, in seconds by
    its own clock: between them the kernel let it wait."""
    lanes, words = [], []
    for name, runs in stretches.items():
        zero = runs[0][0] if runs else 0.0
        whole = runs[-1][1] - zero if runs else 0.0
        share = sum(end - begin for begin, end in runs) / whole if whole else 0.0
        bars = [Bar(begin - zero, end - zero, "", svg.BLUE) for begin, end in runs]
        lanes.append(Lane(f"{name} {share:.0%}", bars))
        pieces = "one piece" if len(runs) == 1 else f"{len(runs)} pieces"
        words.append(f"{name}: it ran {share:.0%} of {whole:.1f} seconds, in {pieces}")
    return draw(title, lanes, [], [], "seconds", f"{title}. {'; '.join(words)}.")
