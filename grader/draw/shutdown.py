"""A stop as a timeline: the signals, the grace period, and the requests that were in flight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.draw import svg
from grader.draw.measured import EngineEvent, Life, Mark, Request, lives
from grader.draw.picture import Picture
from grader.draw.timeline import Band, Bar, Lane, Sign, draw

_SIGNALS = {"1": "SIGHUP", "2": "SIGINT", "3": "SIGQUIT", "9": "SIGKILL", "15": "SIGTERM"}


def shutdown_timeline(
    requests: Sequence[Request],
    events: Sequence[EngineEvent],
    grace: float | None = None,
    marks: Sequence[Mark] = (),
    title: str = "Stopping the container",
) -> Picture:
    """``events`` hold the signals and the end; ``grace`` is the grace period in seconds.

    Time 0 is the first signal, or the first thing that happened where there was none.
    """
    first = min(
        [request.begin for request in requests] + [event.at for event in events], default=0.0
    )
    signals = [
        (event.at, _SIGNALS.get(number := event.attributes.get("signal", ""), f"signal {number}"))
        for event in events
        if event.action == "kill"
    ]
    zero = signals[0][0] if signals else first
    last = max([request.end for request in requests] + [event.at for event in events], default=0.0)
    runs = lives(events, first)
    if signals:  # what was long before the stop would only press the rest together
        early = min([zero, *(request.begin for request in requests)]) - 0.5
        runs = [replace(life, begin=max(life.begin, early)) for life in runs]
    lanes = [
        Lane("container", [_life(life, zero, last) for life in runs]),
        *(
            Lane(
                request.text,
                [
                    Bar(
                        request.begin - zero,
                        request.end - zero,
                        request.outcome,
                        svg.GREEN if request.ok else svg.RED,
                    )
                ],
            )
            for request in requests
        ),
    ]
    signs = [
        *(Sign(at - zero, name, _colour(name)) for at, name in signals),
        *(Sign(mark.at - zero, mark.text, svg.SOFT) for mark in marks),
    ]
    signs.sort(key=lambda sign: sign.at)
    bands = [Band(0.0, grace, f"grace period {grace:g} s")] if grace and signals else []
    unit = f"seconds since {signals[0][1]}" if signals else "seconds"
    return draw(title, lanes, signs, bands, unit, _words(title, requests, signals, runs, zero))


def _colour(signal: str) -> str:
    return svg.RED if signal == "SIGKILL" else svg.AMBER


def _life(life: Life, zero: float, last: float) -> Bar:
    if life.end is None:
        return Bar(life.begin - zero, last - zero, "runs", svg.BLUE)
    colour = svg.BLUE if life.exit_code in (0, 143) else svg.RED
    return Bar(life.begin - zero, life.end - zero, f"exit code {life.exit_code}", colour)


def _words(
    title: str,
    requests: Sequence[Request],
    signals: Sequence[tuple[float, str]],
    runs: Sequence[Life],
    zero: float,
) -> str:
    said = [f"{name} at {at - zero:.1f} s" for at, name in signals]
    said += [
        f"the container ends at {life.end - zero:.1f} s with exit code {life.exit_code}"
        for life in runs
        if life.end is not None
    ]
    said += [
        f"{request.text} from {request.begin - zero:.1f} s to {request.end - zero:.1f} s: "
        f"{request.outcome}"
        for request in requests
    ]
    return f"{title}. " + "; ".join(said) + "."
