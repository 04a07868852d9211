"""Exercise json_logs: every line of the process is one JSON object that says what happened."""

from __future__ import annotations

import json

import pytest

from grader.engine.image import Image
from grader.judging import jsonlines
from grader.judging.jsonlines import parsed, show
from grader.judging.scenes import logged
from grader.judging.scenes.logged import Run
from grader.probe.bench import Bench
from grader.probe.start import Start

pytestmark = pytest.mark.exercise("json_logs")

LINE_SECONDS = 2.0
ODD = ("opaque", "raw", "names", "score")
"""What the given app passes as extra where it is hard to write as JSON."""


@pytest.fixture(scope="module")
def run(start: Start, image: Image) -> Run:
    """One life at the default level."""
    return logged.live(start, image, [], LINE_SECONDS)


@pytest.mark.points(2)
@pytest.mark.expects("one JSON object per line, on stdout and stderr alike")
@pytest.mark.hint(
    "Look at docker logs: which lines are not yours?",
    "uvicorn sets up its loggers before it imports the app: with handlers of their own.",
    "Clear the handlers of uvicorn, uvicorn.error and uvicorn.access and let them propagate.",
)
def test_every_line_is_json(run: Run, bench: Bench) -> None:
    """Every line is one JSON object, uvicorn's own included.

    A collector parses line by line. One line of plain text is lost, or breaks what follows.
    """
    jsonlines.assert_json(bench, run.raw)
    access = [text for text in run.raw if "/predict" in text]
    assert access, "uvicorn's line about the request to /predict is missing: don't silence it."


@pytest.mark.points(1)
@pytest.mark.expects("timestamp, level, message and logger in every line")
@pytest.mark.hint("A record knows its levelname and its name; the message is record.getMessage().")
def test_has_required_fields(run: Run, bench: Bench) -> None:
    """Every line has timestamp, level, message and logger.

    Searching for all errors of one component works when they are always called the same.
    """
    jsonlines.assert_fields(bench, run.lines)
    predicted = run.said("predicted 4.750", "predict")
    show(bench, predicted)
    assert predicted, 'There is no line "predicted 4.750" of the request that was made.'
    level, name = predicted["level"], predicted["logger"]
    assert level.lower() == "info", f"logger.info is level {level!r} here."
    assert name == "scorer", f"The logger's name is scorer, not {name!r}."


@pytest.mark.points(1)
@pytest.mark.expects("ISO 8601 with Z or +00:00, and the time at which it happened")
@pytest.mark.hint(
    "Which time zone is meant? A timestamp without an offset doesn't say.",
    "datetime.utcnow() is naive; datetime.now(UTC) and fromtimestamp(record.created, UTC) aren't.",
)
def test_timestamps_are_utc(run: Run, bench: Bench) -> None:
    """Timestamps are ISO 8601 in UTC, with their offset, and true.

    Logs of several machines are put in order by this field. (This container's clock is set to
    Kathmandu's time.)
    """
    show(bench, *run.lines[-2:])
    assert run.lines, "None of the lines is a JSON object, so there is no timestamp field."
    jsonlines.assert_utc(run.lines, run.begun, run.ended)


@pytest.mark.points(2)
@pytest.mark.expects("request_id and model_version, as passed with extra=")
@pytest.mark.hint(
    "What is passed with extra= becomes attributes of the record.",
    "Compare the record's attributes with those of an empty one: what is left over is extra.",
)
def test_extra_fields_kept(run: Run, bench: Bench) -> None:
    """What is passed as extra is in the line.

    The request's id is what ties the lines of one request together across services.
    """
    line = run.said("predicted 4.750")
    show(bench, line)
    assert line, 'There is no line "predicted 4.750".'
    assert line.get("request_id") == run.ids["predict"], (
        f"request_id should be {run.ids['predict']!r}, it is {line.get('request_id')!r}."
    )
    assert line.get("model_version") == "2026-11", (
        f"model_version should be '2026-11', it is {line.get('model_version')!r}."
    )


@pytest.mark.points(2)
@pytest.mark.expects("IndexError, its message and the traceback in the same line")
@pytest.mark.hint(
    "record.exc_info holds the exception when there is one.",
    "self.formatException(record.exc_info) gives the traceback as text; put it into a field.",
)
def test_exception_is_one_line(run: Run, bench: Bench) -> None:
    """An exception is one line, with its type, its message and its traceback.

    A traceback spread over twenty lines is twenty events for a collector, and none says what
    failed.
    """
    line = run.said("prediction failed", "fail") or run.said("prediction failed")
    show(bench, line)
    assert line, 'There is no line "prediction failed" of the request that failed.'
    text = json.dumps(line)
    names_it = "IndexError" in text and "list index out of range" in text
    assert names_it, "The line doesn't say which exception it was (IndexError: list index …)."
    says_where = ("app.py" in text and "in fail" in text) or jsonlines.has_frame(
        line, "app.py", "fail"
    )
    assert says_where, (
        "The line names the exception and has no traceback: where in app.py it happened is lost."
    )


@pytest.mark.points(1)
@pytest.mark.expects("LOG_LEVEL=DEBUG shows the debug line; warning hides what is below")
@pytest.mark.hint(
    "os.environ has LOG_LEVEL; without it the level is INFO.",
    "People write it in lower case as well: .upper().",
)
def test_level_is_configurable(run: Run, start: Start, image: Image, bench: Bench) -> None:
    """LOG_LEVEL sets the level, in upper or lower case; without it the level is INFO.

    To look closer at a service that runs, one changes its environment, not its code.
    """
    hidden = run.said("features")
    assert hidden is None, "Without LOG_LEVEL the level is INFO; a debug line was printed."
    verbose = logged.live(start, image, ["LOG_LEVEL=DEBUG"])
    shown = verbose.said("features", "predict") or verbose.said("features")
    show(bench, shown)
    assert shown, "With LOG_LEVEL=DEBUG the debug line of the request doesn't appear."
    quiet = logged.live(start, image, ["LOG_LEVEL=warning"])
    info = quiet.said("predicted")
    show(bench, info)
    assert info is None, "With LOG_LEVEL=warning an info line still appears."
    loud = [line for line in quiet.lines if str(line.get("level")).lower() in ("info", "debug")]
    show(bench, *loud[:1])
    assert not loud, (
        f"With LOG_LEVEL=warning a line of level {loud[0]['level']!r} still appears, from the "
        f"logger {loud[0].get('logger')!r}: the level is set on it, not taken from LOG_LEVEL."
    )
    error = quiet.said("prediction failed")
    assert error, "With LOG_LEVEL=warning the line about the error has gone as well."


@pytest.mark.points(1)
@pytest.mark.expects("each line when it is logged; the last one after SIGTERM")
@pytest.mark.hint(
    "A buffer that is full later is too late when the process ends.",
    "logging.StreamHandler flushes after each record; a queue or a memory handler must be closed.",
)
def test_flushes_before_exit(run: Run, bench: Bench) -> None:
    """Each line comes out when it is logged, the last one before the end too.

    The lines before an end are the ones that explain it, and a kill takes a buffer along.
    """
    last = run.said("scorer stopped")
    show(bench, last or (run.raw[-1] if run.raw else None))
    assert last, (
        'The service logs "scorer stopped" when it is asked to stop; the line never came out.'
    )
    assert run.came, (
        f"The line about a prediction didn't come out within {LINE_SECONDS:.0f} s of it, while the "
        "service ran: it lay in a buffer."
    )


@pytest.mark.points(2)
@pytest.mark.expects("the line about the odd values, with request_id and something for each value")
@pytest.mark.hint(
    "json.dumps raises for what it doesn't know, and logging swallows the line.",
    "json.dumps(line, default=repr) helps for objects; NaN isn't JSON either.",
)
def test_survives_bad_values(run: Run, bench: Bench) -> None:
    """A value that json can't encode doesn't lose the line or the request.

    Somebody will pass a tensor, a set or bytes as extra, on the day when the line matters.
    """
    answer = run.answers["odd"]
    line = run.said("odd values", "odd")
    show(bench, line)
    assert answer.ok, f"The request came to {answer}: logging must not break it."
    bad = next((text for text in run.raw if "odd values" in text and not parsed(text)), "")
    assert line, jsonlines.flaw(bad) or "The line about the odd values is lost, or is not JSON."
    assert line.get("request_id") == run.ids["odd"], "The line has lost its request_id."
    lost = [name for name in ODD if f'"{name}"' not in json.dumps(line)]
    assert not lost, (
        f"The line has nothing for {' and '.join(lost)}, which the app passes as extra beside "
        "request_id: whatever is passed belongs in the line, as text where JSON has no form for it."
    )
