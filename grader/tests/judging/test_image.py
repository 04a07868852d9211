"""An image's labels and its second build, judged; and what its service printed and predicted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from grader.engine.image import Image
from grader.judging import buffering, caching, labels, readonly
from grader.judging.scenes.inspection import Life
from grader.judging.scenes.prediction import Prediction
from grader.judging.scenes.rebuild import Rebuilt
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.layers import Layer
from grader.probe.start import Rebuild
from grader.verdict.facts import Response
from grader.verdict.outcome import GraderError, LearnerFault
from grader.verdict.report import Evidence

VERSION, TITLE = f"{labels.OCI}.version", f"{labels.OCI}.title"
IMAGE = Image("sha256:0", "", (), (), {}, (), "SIGTERM", {}, None, (), "{}", ("one", "two"))
OK = Response(200, {}, b'{"score": 4.75}', 0.1)
WRONG = Response(200, {}, b'{"score": 0}', 0.1)
CODE = Layer(4, "COPY app.py ./", 2_000)
PACKAGES = Layer(3, "RUN pip install -r requirements.txt", 15_000_000)


def rebuild(diffs: tuple[str, ...]) -> Rebuild:
    """A build of the same files that comes to these layers."""

    def again(changes: Mapping[str, bytes]) -> Callable[[], Image]:
        assert not changes
        return lambda: replace(IMAGE, diffs=diffs)

    return again


@pytest.mark.parametrize("what", ["title", "description"])
def test_image_that_is_described(what: str, bench: Bench, evidence: list[Evidence]) -> None:
    described = {VERSION: "1.0.0", f"{labels.OCI}.{what}": "scorer", "other": "label"}
    labels.assert_described(replace(IMAGE, labels=described), bench)
    assert "other" not in evidence[0].observed


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({}, "says which version"),
        ({VERSION: " ", TITLE: "scorer"}, "says which version"),
        ({VERSION: "1.0.0", "title": "scorer"}, "says what this is"),
    ],
)
def test_image_that_is_not(found: dict[str, str], message: str, bench: Bench) -> None:
    with pytest.raises(AssertionError, match=message):
        labels.assert_described(replace(IMAGE, labels=found), bench)


def test_new_code_alone_is_no_installation(bench: Bench, evidence: list[Evidence]) -> None:
    caching.assert_used(Rebuilt((CODE,)), IMAGE, rebuild(("one", "two")), bench)
    assert evidence[0].observed == "0.0 MB by COPY app.py ./"


def test_requirements_that_were_installed_again(bench: Bench) -> None:
    """The largest of what is new is named, wherever it stands."""
    with pytest.raises(AssertionError, match="15 MB of the image are new, made again by `RUN pip"):
        caching.assert_used(Rebuilt((PACKAGES, CODE)), IMAGE, rebuild(("one", "two")), bench)


def test_engine_without_a_cache_is_nobodys_fault(bench: Bench) -> None:
    """It makes new layers of the same files."""
    with pytest.raises(GraderError, match="keeps no build cache"):
        caching.assert_used(Rebuilt((PACKAGES,)), IMAGE, rebuild(("one", "new")), bench)


def test_line_that_came_out_at_once(bench: Bench, evidence: list[Evidence]) -> None:
    buffering.assert_unbuffered(Prediction(OK, "7e57", True, 2.0), bench)
    assert evidence[0].observed == "7e57 predicted 4.75"


@pytest.mark.parametrize(
    ("prediction", "message"),
    [
        (Prediction(Response(500, {}, b"", 0.1), "7e57", False, 2.0), "POST /predict came to"),
        (Prediction(OK, "7e57", False, 2.0), "2 s later the line was still not in docker logs"),
    ],
)
def test_line_that_did_not(prediction: Prediction, message: str, bench: Bench) -> None:
    with pytest.raises(AssertionError, match=message):
        buffering.assert_unbuffered(prediction, bench)


def test_service_with_a_readonly_root(bench: Bench) -> None:
    """It has to serve so, and rightly."""
    container = Container(bench, IMAGE, "0")
    readonly.assert_works(Life(container, None), OK, bench)
    with pytest.raises(AssertionError, match=r"should give the score 4\.75"):
        readonly.assert_works(Life(container, None), WRONG, bench)
    refused = Life(container, LearnerFault("It can't write."))
    with pytest.raises(AssertionError, match=r"read-only root file system: It can't write\."):
        readonly.assert_works(refused, OK, bench)
