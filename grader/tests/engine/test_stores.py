"""The course on an engine that keeps its images with containerd: the default of a new Engine 29 and
of Docker Desktop. There an image's id is its manifest's, its size counts what is packed, and
``docker save`` writes packed layers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from grader.answer import submission
from grader.author import proof
from grader.author.proof import Claim
from grader.engine.client import connect
from grader.exercise import catalog
from grader.grading import runner
from grader.setup import images
from grader.tests import spare
from grader.verdict.report import Report, Status

ABOUT_IMAGES = {"minimal_image", "build_secrets", "production_image", "production_service"}
CLAIMS = [
    claim
    for exercise in catalog.discover().values()
    for claim in proof.claims_of(exercise, exercise.id in ABOUT_IMAGES)
]
PADDING_MB = 200

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def containerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of such an engine, with the lab's images."""
    folder = tmp_path_factory.mktemp("store")
    with spare.engine(folder, images.all_tags(), containerd_store=True) as engine:
        yield engine.address


@pytest.fixture
def on_containerd(containerd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", containerd)


@pytest.mark.usefixtures("on_containerd")
def test_store_is_named() -> None:
    """In doctor's words and in the report, see ``setup.doctor`` and ``grading.host``."""
    assert connect().facts.store == "containerd"


@pytest.mark.course
@pytest.mark.usefixtures("on_containerd")
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim.exercise.id}-{claim.answer}")
def test_answer_gets_its_declared_verdict(claim: Claim) -> None:
    """Solutions and starters, and the variants of what looks at images."""
    assert claim.prove(None).problems == ()


def _padded() -> Report:
    exercise = catalog.find("minimal_image")
    dockerfile = exercise.solved["Dockerfile"]
    padding = f"RUN head -c {PADDING_MB}000000 /dev/zero > /padding\n"
    start = dockerfile.rindex("\nCMD") + 1
    text = dockerfile[:start] + padding + dockerfile[start:]
    answer = submission.from_texts(exercise, {"Dockerfile": text})
    return runner.grade(exercise, answer)


def test_padding_counts_alike_on_both_stores(
    containerd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Zeros that pack to nothing take 200 MB of each machine's disk all the same."""
    figures = []
    for address in (os.environ.get("DOCKER_HOST"), containerd):
        if address:
            monkeypatch.setenv("DOCKER_HOST", address)
        check = next(check for check in _padded().checks if check.id == "size_within_budget")
        assert check.status is Status.FAILED, check
        found = re.search(r"is (\d+) MB larger", check.message)
        assert found, check.message
        figures.append(int(found[1]))
    assert figures[0] == figures[1]
    assert PADDING_MB <= figures[0] <= PADDING_MB + 30


def test_nothing_stays_of_a_grading(containerd: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This store keeps an image without a name under one of its own, ``moby-dangling``."""
    monkeypatch.setenv("DOCKER_HOST", containerd)
    runner.settle()
    engine = connect()
    before = engine.information()["Images"]
    exercise = catalog.find("nonroot_user")
    report = runner.grade(exercise, submission.from_texts(exercise, exercise.solved))
    runner.settle()
    assert report.status is Status.PASSED, report.to_json()
    assert engine.information()["Images"] == before
