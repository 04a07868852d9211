"""Every solution gets full marks, and the commands on its receipts work when typed: the learner's
own way to see what we saw."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.answer import submission
from grader.author import variant
from grader.exercise import catalog
from grader.exercise.catalog import Exercise
from grader.grading import runner
from grader.verdict.report import Report

EXERCISES = list(catalog.discover().values())
TYPED_SECONDS = 60


def graded(exercise: Exercise, state: Path) -> Report:
    """What the solution came to, graded once in a test run: here or in its notebook."""
    answer = submission.from_texts(exercise, exercise.solved)
    return runner.grade(exercise, answer, results=state)


@pytest.mark.course
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_solution_gets_full_marks(exercise: Exercise, solved: Path) -> None:
    """A solution that fails would teach the wrong thing."""
    assert variant.differences(graded(exercise, solved), (), {}) == []


def typed(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Type a command into a shell."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TYPED_SECONDS,
        check=False,
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """A folder to type in; the container and images of the receipts are removed afterwards."""
    typed("docker rm -f web", tmp_path)
    yield tmp_path
    typed("docker compose -p web down -v --timeout 0 --rmi local", tmp_path)
    typed("docker rm -f web collector; docker rmi -f web scorer gate collector", tmp_path)


@pytest.mark.slow
@pytest.mark.course
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_receipts_can_be_repeated_by_hand(exercise: Exercise, desk: Path, solved: Path) -> None:
    report = graded(exercise, solved)
    runner.settle()
    files = {**exercise.given, **{name: text.encode() for name, text in exercise.solved.items()}}
    for name, content in files.items():
        path = desk / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert report.reproduce, "exercise.toml says how to start what the evidence looks at"
    for command in report.reproduce:
        done = typed(command, desk)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    _wait_until_it_answers(desk)
    commands = dict.fromkeys(item.command for check in report.checks for item in check.evidence)
    assert commands, "no check left a receipt"
    for command in commands:
        done = typed(command, desk)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def _wait_until_it_answers(desk: Path) -> None:
    """A service that serves is waited for; one that only prints has ended by then."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        running = typed("docker inspect -f '{{.State.Running}}' web", desk).stdout.strip()
        if running != "true" or typed("curl -s http://localhost:8000/", desk).returncode == 0:
            return
        time.sleep(0.1)
    raise AssertionError("the service that the receipts are about doesn't answer")
