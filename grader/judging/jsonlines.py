"""What a process printed, line by line, as JSON objects with the fields that every line has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from grader.probe.bench import Bench
from grader.verdict.facts import Response
from grader.verdict.report import Evidence

CLOCK_TOLERANCE = timedelta(seconds=120)
REQUIRED = ("timestamp", "level", "message", "logger")
Line = Mapping[str, Any]


def parsed(text: str) -> Line | None:
    """The JSON object that a line is, or None when it isn't one."""
    try:
        value = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refused(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def flaw(text: str) -> str:
    """Why a line that looks like JSON is none, as a sentence; empty where nothing is known."""
    found: list[str] = []

    def constant(name: str) -> str:
        found.append(name)
        return name

    try:
        value = json.loads(text, parse_constant=constant)
    except (ValueError, RecursionError):
        return ""
    if not found or not isinstance(value, dict):
        return ""
    fields = [key for key, each in value.items() if each == found[0]]
    where = f"Its field {fields[0]}" if fields else "A value in it"
    return f"A line isn't JSON: {text[:60]!r} … {where} is {found[0]}, which JSON doesn't have."


def has_frame(value: object, file: str, function: str) -> bool:
    """Whether somewhere in a line a traceback's frame stands as an object: a file and a function
    of these names."""
    waiting: list[object] = [value]
    while waiting:
        one = waiting.pop()
        within = list(one.values()) if isinstance(one, dict) else one
        if not isinstance(within, list):
            continue
        texts = [each for each in within if isinstance(each, str)]
        is_frame = isinstance(one, dict) and any(text.endswith(file) for text in texts)
        if is_frame and function in texts:
            return True
        waiting += within
    return False


def show(bench: Bench, *lines: Line | str | None) -> None:
    """Leave lines as evidence."""
    shown = [
        line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)
        for line in lines
        if line is not None
    ]
    if shown:
        bench.record(Evidence("docker logs web", "\n".join(shown)[:1500], told=True))


def assert_json(bench: Bench, raw: Sequence[str]) -> None:
    """Something was printed, and every line of it is a JSON object."""
    odd = [text for text in raw if parsed(text) is None]
    show(bench, *(odd[:3] or raw[:3]))
    assert raw, "The service printed nothing at all."
    assert not odd, (
        f"{len(odd)} of {len(raw)} lines are not a JSON object; the first is {odd[0][:200]!r}. "
        + flaw(odd[0])
    ).strip()


def assert_fields(bench: Bench, lines: Sequence[Line]) -> None:
    """Every line has the required fields, as text."""
    for line in lines:
        missing = [name for name in REQUIRED if not isinstance(line.get(name), str)]
        if missing:
            show(bench, line)
        other = [name for name in missing if line.get(name) is not None]
        assert not other, (
            f"A line's {other[0]} is {json.dumps(line[other[0]])[:60]}; it should be a text"
            + (", in ISO 8601." if other[0] == "timestamp" else ".")
        )
        assert not missing, f"A line has no {' and no '.join(missing)}: {json.dumps(line)[:200]}."


def assert_utc(lines: Sequence[Line], begun: float, ended: float) -> None:
    """Every timestamp is ISO 8601 in UTC and true; ``begun`` and ``ended`` in seconds since the
    epoch."""
    for line in lines:
        text = str(line.get("timestamp", ""))
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise AssertionError(f"{text[:60]!r} is not an ISO 8601 timestamp.") from None
        offset = moment.utcoffset()
        assert offset is not None, f"{text!r} has no offset, so nobody knows which zone is meant."
        assert not offset, f"{text!r} has the offset {offset}; it should be UTC."
        first, last = (datetime.fromtimestamp(edge, moment.tzinfo) for edge in (begun, ended))
        assert first - CLOCK_TOLERANCE <= moment <= last + CLOCK_TOLERANCE, (
            f"{text!r} is not when that happened: it was {last:%H:%M} UTC."
        )


def assert_sound(bench: Bench, raw: Sequence[str], begun: float, ended: float) -> list[Line]:
    """All of it is JSON with the required fields and a true time in UTC; the lines."""
    assert_json(bench, raw)
    lines = [line for text in raw if (line := parsed(text))]
    assert_fields(bench, lines)
    assert_utc(lines, begun, ended)
    return lines


def assert_tells(
    bench: Bench, lines: Sequence[Line], request: str, answer: Response, version: str
) -> None:
    """A line of level info has the id of the ``request`` that was answered so, and the model's
    ``version``."""
    own = next((line for line in lines if line.get("request_id") == request), None)
    show(bench, own)
    assert own, (
        f"There is no line whose request_id is {request!r}, the X-Request-Id of a prediction "
        f"that came to {answer}."
    )
    assert own.get("model_version") == version, (
        f"model_version should be {version!r} there, it is {own.get('model_version')!r}."
    )
    assert str(own["level"]).lower() == "info", f"Its level is {own['level']!r}, not info."


def assert_quiet(raw: Sequence[str]) -> None:
    """Nothing below a warning was printed where LOG_LEVEL is error."""
    lines = [line for text in raw if (line := parsed(text))]
    loud = [line for line in lines if str(line.get("level")).lower() in ("info", "debug")]
    assert not loud, f"With LOG_LEVEL=error a line of level {loud[0]['level']!r} was printed."
