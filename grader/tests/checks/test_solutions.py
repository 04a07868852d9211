"""Every solution gets full marks, and the commands on the receipts of solutions and starters print,
when typed, what the card shows: the learner's own way to see what we saw."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.answer import submission
from grader.author import variant
from grader.engine import patience
from grader.exercise import catalog
from grader.exercise.catalog import Exercise
from grader.grading import runner
from grader.verdict.report import Evidence, Report

EXERCISES = list(catalog.discover().values())
TYPED_SECONDS = 60
STATUS_SECONDS = 45


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
    """Type a command into a shell, on a busy machine with more patience: what it sleeps for takes
    as many times longer there."""
    pauses = re.sub(r"\bsleep (\d+)", lambda m: f"sleep {_stretched(int(m[1])):.1f}", command)
    return subprocess.run(
        ["bash", "-c", pauses],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TYPED_SECONDS,
        check=False,
    )


def _stretched(seconds: float) -> float:
    return min(patience.metronome().stretched(seconds), TYPED_SECONDS / 3)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """A folder to type in; the container and images of the receipts are removed afterwards."""
    typed("docker rm -f web", tmp_path)
    yield tmp_path
    typed("docker compose -p web down -v --timeout 0 --rmi local", tmp_path)
    typed("docker rm -f web collector; docker rmi -f web scorer gate collector", tmp_path)


NOT_STARTED = {
    "build_secrets": "the starter takes its token as a build argument, which nobody is to learn",
    "production_service": "the starter's compose file is empty",
}
"""Starters whose ``reproduce`` commands can't work."""


@pytest.mark.slow
@pytest.mark.course
@pytest.mark.parametrize("kind", ["solution", "starter"])
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_receipts_print_when_typed_what_the_card_shows(
    exercise: Exercise, kind: str, desk: Path, solved: Path
) -> None:
    if kind == "starter" and exercise.id in NOT_STARTED:
        return
    texts = exercise.solved if kind == "solution" else exercise.starter
    answer = submission.from_texts(exercise, texts)
    report = runner.grade(exercise, answer, results=solved)
    runner.settle()
    files = {**exercise.given, **{name: text.encode() for name, text in texts.items()}}
    for name, content in files.items():
        path = desk / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert report.reproduce, "exercise.toml says how to start what the evidence looks at"
    for command in report.reproduce:
        done = typed(command, desk)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    _wait_until_it_answers(desk)
    receipts = list(dict.fromkeys(item for check in report.checks for item in check.evidence))
    assert receipts, "no check left a receipt"
    differ = []
    for receipt in receipts:
        printed, missing = compared(receipt, desk)
        if missing:
            differ.append(f"$ {receipt.command}\n{printed[-600:]}\nthe card shows: {missing}")
    assert not differ, "\n\n".join(differ)


def compared(receipt: Evidence, desk: Path) -> tuple[str, list[str]]:
    """(what a receipt's command prints, lines of the card that aren't in it). A status that takes a
    moment to change is asked for until it has."""
    deadline = time.monotonic() + STATUS_SECONDS
    while True:
        done = typed(receipt.command, desk)
        printed = done.stdout + done.stderr
        if receipt.told:
            return printed, []
        missing = [line for line in shown(receipt.observed) if masked(line) not in masked(printed)]
        is_status = receipt.command.startswith("docker inspect")
        if not missing or not is_status or time.monotonic() > deadline:
            return printed, missing
        time.sleep(0.2)


def shown(observed: str) -> list[str]:
    """The lines of a receipt, without remarks of ours and marks of omission."""
    lines = [line.strip() for line in observed.splitlines()]
    return [line for line in lines if line and line != "…" and not re.fullmatch(r"\(.*\)", line)]


def masked(text: str) -> str:
    """Without what differs from one start to the next: times, ids, ports, numbers of processes."""
    text = re.sub(r"\b[0-9a-f]{8,}\b|\d{4}-\d\d-\d\dT[\d:.]+Z?", "#", text)
    text = re.sub(r'("(?:id|order)": ?"|saved |scorer[.]|predicted for )[\w#-]+', r"\1#", text)
    text = re.sub(r"\b[0-9a-f#]+ predicted", "# predicted", text)
    text = re.sub(r"nr_throttled [1-9]\d*", "nr_throttled #", text)
    text = re.sub(r'("pid": ?)\d+|(?<!HTTP )\b\d{3,}\b|\b\d+[.]\d+', r"\1#", text)
    return " ".join(re.sub(r"[─┼┬┴├┤┌┐└┘│=]+", " ", text).split())


def _wait_until_it_answers(desk: Path) -> None:
    """A service that serves is waited for; one that only prints has ended by then."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        running = typed("docker inspect -f '{{.State.Running}}' web", desk).stdout.strip()
        health = typed("docker inspect -f '{{with .State.Health}}{{.Status}}{{end}}' web", desk)
        answers = typed("curl -s http://localhost:8000/", desk).returncode == 0
        if running != "true" or (answers and health.stdout.strip() != "starting"):
            return
        time.sleep(0.1)
    assert answers, "the service that the receipts are about doesn't answer"
