"""A service's own lines as JSON: the one about a request, and those that shouldn't be there."""

from __future__ import annotations

import json

import pytest

from grader.judging import jsonlines
from grader.judging.jsonlines import Line
from grader.probe.bench import Bench
from grader.verdict.facts import Response
from grader.verdict.report import Evidence

OK = Response(200, {}, b"", 0.1)
LINE = {
    "timestamp": "2026-11-30T10:00:00+00:00",
    "level": "INFO",
    "message": "predicted",
    "logger": "scorer",
    "request_id": "7e57",
    "model_version": "2026-11",
}
AT = 1_796_032_800.0
"""The same moment, in seconds since the epoch."""


def line(**other: object) -> str:
    return json.dumps({**LINE, **other})


def test_sound_lines_are_returned(bench: Bench) -> None:
    assert jsonlines.assert_sound(bench, [line()], AT, AT) == [LINE]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plain", "are not a JSON object"),
        (line(logger=None), "has no logger"),
        (line(timestamp="2026-11-30T10:00:00"), "has no offset"),
        (line(timestamp="2026-11-30T15:45:00+00:00"), "is not when that happened"),
    ],
)
def test_lines_that_are_not_sound(text: str, message: str, bench: Bench) -> None:
    with pytest.raises(AssertionError, match=message):
        jsonlines.assert_sound(bench, [line(), text], AT, AT)


def test_line_about_a_request(bench: Bench, evidence: list[Evidence]) -> None:
    """It is left as evidence."""
    jsonlines.assert_tells(bench, [LINE], "7e57", OK, "2026-11")
    assert "7e57" in evidence[0].observed


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"request_id": "another"}, "no line whose request_id is '7e57'"),
        ({"model_version": "1"}, "model_version should be '2026-11'"),
        ({"level": "ERROR"}, "not info"),
    ],
)
def test_line_that_says_too_little(other: dict[str, str], message: str, bench: Bench) -> None:
    with pytest.raises(AssertionError, match=message):
        jsonlines.assert_tells(bench, [{**LINE, **other}], "7e57", OK, "2026-11")


def test_service_that_is_told_to_be_quiet() -> None:
    jsonlines.assert_quiet([line(level="error"), "no JSON at all"])
    with pytest.raises(AssertionError, match="of level 'debug' was printed"):
        jsonlines.assert_quiet([line(level="debug")])


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ({"frames": [{"file": "/app/app.py", "line": 3, "function": "fail"}]}, True),
        ({"exception": [{"frames": [{"filename": "/app/app.py", "name": "fail"}]}]}, True),
        ({"exception": ["/app/app.py", "fail"]}, False),
        ({"file": "/app/app.py", "function": "predict"}, False),
    ],
)
def test_frames_of_a_traceback_are_found_wherever_they_stand(line: Line, there: bool) -> None:
    assert jsonlines.has_frame(line, "app.py", "fail") is there


def test_what_json_does_not_have_is_named() -> None:
    said = jsonlines.flaw('{"message": "odd values", "score": NaN}')
    assert "field score is NaN" in said
    assert jsonlines.flaw("INFO: plain text") == ""
