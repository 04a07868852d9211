"""Health states over time, with the probes that made them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.draw import svg
from grader.draw.measured import EngineEvent, Life, Mark, Probe, lives
from grader.draw.picture import Picture
from grader.draw.timeline import Bar, Lane, Sign, Try, draw

_COLOUR = {"starting": svg.AMBER, "healthy": svg.GREEN, "unhealthy": svg.RED}
_STATUS = "health_status: "


def health_states(
    probes: Sequence[Probe],
    events: Sequence[EngineEvent],
    marks: Sequence[Mark] = (),
    title: str = "Health over time",
    until: float | None = None,
) -> Picture:
    """The state that ``events`` tell of (``start``, ``health_status: …``, ``die``) and each run
    of the health check. ``marks`` are what the notebook did. Time 0 is the start."""
    times = [probe.end for probe in probes] + [event.at for event in events]
    times += [mark.at for mark in marks] + ([until] if until is not None else [])
    starts = [event.at for event in events if event.action == "start"]
    zero = starts[0] if starts else min(times, default=0.0)
    last = max(times, default=zero)
    runs = lives(events, zero)
    states = list(_states(events, runs, zero, last))
    lanes = [
        Lane("container", [_life(life, zero, last) for life in runs]),
        Lane("health", [Bar(b - zero, e - zero, name, _COLOUR[name]) for b, e, name in states]),
        Lane("probes", tries=[_try(probe, zero) for probe in probes]),
    ]
    signs = [Sign(mark.at - zero, mark.text, svg.INK) for mark in marks]
    words = _words(title, states, probes, marks, zero)
    return draw(title, lanes, signs, [], "seconds since the start", words)


def _states(
    events: Sequence[EngineEvent], runs: Sequence[Life], zero: float, last: float
) -> Iterator[tuple[float, float, str]]:
    """(begin, end, name) of each state; every life begins with "starting"."""
    for life in runs:
        end = life.end if life.end is not None else last
        begin, name = life.begin, "starting"
        for event in events:
            status = event.action.removeprefix(_STATUS)
            if life.begin <= event.at <= end and status in _COLOUR and status != name:
                yield begin, event.at, name
                begin, name = event.at, status
        yield begin, end, name


def _life(life: Life, zero: float, last: float) -> Bar:
    if life.end is None:
        return Bar(life.begin - zero, last - zero, "runs", svg.BLUE)
    return Bar(life.begin - zero, life.end - zero, f"exit code {life.exit_code}", svg.BLUE)


def _try(probe: Probe, zero: float) -> Try:
    return Try(probe.begin - zero, probe.end - zero, probe.exit_code == 0)


def _words(
    title: str,
    states: Sequence[tuple[float, float, str]],
    probes: Sequence[Probe],
    marks: Sequence[Mark],
    zero: float,
) -> str:
    failed = sum(probe.exit_code != 0 for probe in probes)
    said = [f"{name} from {b - zero:.1f} s to {e - zero:.1f} s" for b, e, name in states]
    said += [f"{mark.text} at {mark.at - zero:.1f} s" for mark in marks]
    said.append(f"{len(probes)} probes, {failed} of them failed")
    return f"{title}. " + "; ".join(said) + "."
