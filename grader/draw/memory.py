"""A container's memory over time, running towards its limit."""

from __future__ import annotations

from collections.abc import Sequence

from grader.draw import axis, svg
from grader.draw.axis import Scale
from grader.draw.measured import EngineEvent, Life, Mark, Sample, lives
from grader.draw.picture import WIDTH, Picture

MIB = 1024 * 1024
LEFT, RIGHT, TOP, PLOT = 64, 28, 56, 190


def memory_curve(
    samples: Sequence[Sample],
    events: Sequence[EngineEvent] = (),
    limit: int | None = None,
    marks: Sequence[Mark] = (),
    title: str = "Memory of the container",
) -> Picture:
    """The memory in ``samples``; ``limit`` in bytes. ``events`` add each end and each restart,
    ``marks`` what the notebook did."""
    if not samples:
        return Picture(svg.text(16, 26, "Nothing was measured."), 44, f"{title}: no samples.")
    zero = samples[0].at
    last = max(samples[-1].at, *(event.at for event in events), zero + 0.1)
    highest = max(limit or 0, *(sample.bytes for sample in samples)) / MIB
    x = Scale(0, (last - zero) * 1.02, LEFT, WIDTH - RIGHT)
    y = Scale(0, highest * 1.12 or 1.0, TOP + PLOT, TOP)
    runs = lives(events, zero)
    parts = [
        svg.text(16, 22, title, weight="600", size=13.5),
        axis.vertical(y, LEFT, WIDTH - RIGHT, "MiB"),
        axis.horizontal(x, TOP, TOP + PLOT, "seconds"),
        *(_mark(mark.at - zero, mark.text, svg.SOFT, x) for mark in marks),
        *(_end(life, zero, x) for life in runs),
        *(_curve(samples, life, zero, x, y) for life in runs),
        _limit(limit, y) if limit else "",
    ]
    return Picture("".join(parts), TOP + PLOT + 42, _words(title, samples, limit, runs, zero))


def _curve(samples: Sequence[Sample], life: Life, zero: float, x: Scale, y: Scale) -> str:
    end = life.end if life.end is not None else float("inf")
    own = [sample for sample in samples if life.begin <= sample.at <= end and sample.bytes]
    if not own:
        return ""
    points = [f"{x(s.at - zero):.1f} {y(s.bytes / MIB):.1f}" for s in own]
    ground = f"{y(0):.1f}"
    first, final = (f"{x(s.at - zero):.1f}" for s in (own[0], own[-1]))
    area = f"M{first} {ground}L{'L'.join(points)}L{final} {ground}Z"
    return svg.element("path", d=area, fill=svg.BLUE, fill_opacity="0.13") + svg.path(
        f"M{'L'.join(points)}", svg.BLUE, stroke_width=2, stroke_linejoin="round"
    )


def _limit(limit: int, y: Scale) -> str:
    height = y(limit / MIB)
    return svg.line(
        LEFT, height, WIDTH - RIGHT, height, svg.RED, stroke_width=1.5, stroke_dasharray="6 4"
    ) + svg.text(
        LEFT + 8, height - 6, f"limit {limit / MIB:g} MiB", svg.RED, size=11.5, weight="600"
    )


def _end(life: Life, zero: float, x: Scale) -> str:
    if life.end is None:
        return ""
    return _mark(life.end - zero, _how(life), svg.RED if life.exit_code else svg.INK, x)


def _mark(at: float, text: str, colour: str, x: Scale) -> str:
    place = x(at)
    anchor: svg.Anchor = "start" if place + svg.width(text, 11.5) + 8 < WIDTH else "end"
    return svg.line(place, TOP - 16, place, TOP + PLOT, colour, stroke_width=1.5) + svg.text(
        place + (4 if anchor == "start" else -4), TOP - 8, text, colour, anchor, 11.5, "600"
    )


def _how(life: Life) -> str:
    killed = "killed: out of memory, " if life.out_of_memory else ""
    return f"{killed}exit code {life.exit_code}"


def _words(
    title: str, samples: Sequence[Sample], limit: int | None, runs: Sequence[Life], zero: float
) -> str:
    most = max(sample.bytes for sample in samples)
    said = [
        f"{title} over {samples[-1].at - zero:.1f} seconds: it begins at "
        f"{samples[0].bytes / MIB:.0f} MiB and reaches {most / MIB:.0f} MiB",
        f"the limit is {limit / MIB:g} MiB" if limit else "there is no limit",
    ]
    said += [
        f"after {life.end - zero:.1f} seconds the process ends, {_how(life)}"
        for life in runs
        if life.end is not None
    ]
    if len(runs) > 1:
        said.append("it is started again")
    return "; ".join(said) + "."
