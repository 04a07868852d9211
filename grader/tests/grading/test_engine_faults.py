"""Faults of ours must not become grades: no engine, an engine that dies, a killed grader."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.answer import submission
from grader.engine.bases import BASES, inspector_tag
from grader.exercise import catalog
from grader.grading import runner
from grader.tests import leftover, spare
from grader.tests.spare import SpareEngine
from grader.verdict.event import Event
from grader.verdict.report import Report, Status

pytestmark = [pytest.mark.slow]
EXERCISE = catalog.find("nonroot_user")
SOLUTION = submission.from_texts(EXERCISE, EXERCISE.solved)
STARTER = submission.from_texts(EXERCISE, EXERCISE.starter)


@pytest.fixture
def spare_engine(spare_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SpareEngine]:
    with spare.engine(spare_home, [BASES["python:3.11-slim"], inspector_tag()]) as engine:
        monkeypatch.setenv("DOCKER_HOST", engine.address)
        yield engine


def assert_nothing_scored(report: Report) -> None:
    assert report.status is Status.ERROR
    assert not report.complete
    assert report.score == 0
    assert not [check for check in report.checks if check.status is Status.FAILED]
    messages = {check.message for check in report.checks if check.status is Status.ERROR}
    assert all("Traceback" not in message and message for message in messages)


def test_no_engine_is_said_and_nothing_scored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    report = runner.grade(EXERCISE, SOLUTION)
    assert_nothing_scored(report)
    assert "./lab setup" in report.checks[0].message


@pytest.mark.parametrize("how", ["kill", "terminate"])
@pytest.mark.parametrize("moment", ["building the image", "looking at the container"])
def test_engine_that_dies_in_the_middle_costs_no_points(
    spare_engine: SpareEngine, how: str, moment: str
) -> None:
    """The starter would fail checks: none of them may be counted once the engine is gone."""
    killers = {"kill": spare_engine.kill, "terminate": spare_engine.terminate}

    def listen(event: Event) -> None:
        if event.kind == "phase" and event.text == moment:
            killers[how]()

    report = runner.grade(EXERCISE, STARTER, listen)
    judged = [check for check in report.checks if check.status is Status.FAILED]
    assert report.status is Status.ERROR, report.to_json()
    assert not report.complete
    assert len(judged) < len(EXERCISE.starter_fails)
    assert any("engine" in check.message.lower() for check in report.checks), report.to_json()


def _grade_in_a_process_of_its_own() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "grader",
            "check",
            EXERCISE.id,
            "--submission",
            str(EXERCISE.solution),
            "--no-cache",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _wait_for_the_container(process: subprocess.Popen[bytes]) -> None:
    """Return when the submission's container runs, by what the command says on stderr."""
    assert process.stderr
    said = b""
    for line in process.stderr:
        said += line
        if b"looking at the container" in line:
            return
    raise AssertionError(f"the grading never started a container: {said!r}")


def test_sigkill_leaves_nothing_after_the_next_command() -> None:
    process = _grade_in_a_process_of_its_own()
    _wait_for_the_container(process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    runner.sweep()
    assert leftover.abandoned() == []


def test_ctrl_c_cleans_up_at_once() -> None:
    process = _grade_in_a_process_of_its_own()
    _wait_for_the_container(process)
    os.killpg(process.pid, signal.SIGINT)
    _, shown = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in shown
    assert leftover.abandoned() == []


def test_finished_grading_leaves_nothing() -> None:
    report = runner.grade(EXERCISE, SOLUTION)
    assert report.status is Status.PASSED
    runner.settle()
    assert leftover.abandoned() == []


def test_two_gradings_at_once_do_not_disturb_each_other() -> None:
    reports: list[Report] = []
    threads = [
        threading.Thread(target=lambda: reports.append(runner.grade(EXERCISE, SOLUTION)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.status for report in reports] == [Status.PASSED, Status.PASSED]
