"""``./lab grade``: each answer once, recorded once, whatever happens in the middle."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from grader.engine.bases import BASES, inspector_tag
from grader.exercise import catalog, project
from grader.grading import runner
from grader.tests import leftover, spare
from grader.tests.batch.classroom import class_of, hand_in, notebook
from grader.tests.cli.lab import Done, lab
from grader.tests.spare import SpareEngine

EXERCISE = catalog.find("nonroot_user")
STUDENTS = 6

pytestmark = [pytest.mark.slow]


def reports(done: Done) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.out.splitlines() if '"summary"' not in line]


def summary(done: Done) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.out.splitlines()[-1])["summary"]
    return found


def recorded(folder: Path) -> int:
    with sqlite3.connect(folder / "state" / "progress.sqlite3") as database:
        return int(database.execute("SELECT count(*) FROM result").fetchone()[0])


@contextmanager
def begun(handed: Path, folder: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Grading in a process of its own; a line on stdout for each result. What doesn't end by
    itself is killed at last."""
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "grade", str(handed), "--json", "--jobs", "2", *more],
        cwd=project.ROOT,
        env={**os.environ, "DRYDOCK_STATE": str(folder / "state")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,  # communicate() doesn't see what readline() has read ahead
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_equal_answers_are_graded_once_and_known_ones_never_again(tmp_path: Path) -> None:
    """Three students, two answers; the second run and one more student cost nothing."""
    handed = tmp_path / "class"
    for student, texts in (
        ("ada", EXERCISE.solved),
        ("bob", EXERCISE.solved),
        ("cy", EXERCISE.starter),
    ):
        hand_in(handed, student, EXERCISE, texts)
    first = lab("grade", handed, "--json", folder=tmp_path)
    assert (summary(first)["graded"], summary(first)["cached"]) == (2, 1)
    assert first.code == 1
    hand_in(handed, "dan", EXERCISE, EXERCISE.solved)
    again = lab("grade", handed, "--json", folder=tmp_path)
    assert (summary(again)["graded"], summary(again)["cached"]) == (0, 4)
    fresh = lab("grade", handed, "--json", "--no-cache", folder=tmp_path)
    assert (summary(fresh)["graded"], summary(fresh)["cached"]) == (2, 2)
    scores = {report["student"]: report["score"] for report in reports(again)}
    assert scores == {"ada": 6, "bob": 6, "cy": 0, "dan": 6}


def test_verdicts_are_those_of_lab_check(tmp_path: Path) -> None:
    """A class mark and a learner's own check never disagree."""
    handed = tmp_path / "class"
    (handed / "ada").mkdir(parents=True)
    texts = {name: text.replace("10001", "0") for name, text in EXERCISE.solved.items()}
    (handed / "ada" / "mine.ipynb").write_text(notebook({EXERCISE.id: texts}))
    [graded] = reports(lab("grade", handed, "--json", folder=tmp_path))
    source = handed / "ada" / "mine.ipynb"
    checked = lab(
        *("check", EXERCISE.id, "--submission", source, "--json", "--no-cache"), folder=tmp_path
    ).json
    compared = [
        [(check["id"], check["status"], check["message"]) for check in report["checks"]]
        for report in (graded, checked)
    ]
    assert compared[0] == compared[1]
    assert graded["score"] == checked["score"]


def test_answer_that_can_not_be_read_disturbs_nobody(tmp_path: Path) -> None:
    handed = tmp_path / "class"
    class_of(handed, 1)
    (handed / "eve").mkdir()
    (handed / "eve" / "x.ipynb").write_text("{")
    done = lab("grade", handed, folder=tmp_path)
    assert done.code == 3
    assert "x.ipynb: not graded" in done.out
    assert "student00" in done.out
    assert "6 of 6" in done.out


def test_private_checks_count_beside_the_courses(tmp_path: Path) -> None:
    """An instructor's folder outside the repository; without it the grade is another one."""
    class_of(tmp_path / "class", 1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "test_nonroot_user.py").write_text(
        "import pytest\n\n\n@pytest.mark.points(4)\ndef test_has_a_maintainer(image):\n"
        '    """The image names who looks after it."""\n'
        '    assert "maintainer" in image.labels, "There is no label maintainer."\n'
    )
    [report] = reports(
        lab("grade", tmp_path / "class", "--json", "--checks", tmp_path / "mine", folder=tmp_path)
    )
    assert (report["score"], report["max_score"]) == (6, 10)
    assert report["checks"][-1]["message"] == "There is no label maintainer."
    [without] = reports(lab("grade", tmp_path / "class", "--json", folder=tmp_path))
    assert without["max_score"] == 6


def test_two_coordinators_never_write_one_store(tmp_path: Path) -> None:
    class_of(tmp_path / "class", STUDENTS)
    with begun(tmp_path / "class", tmp_path) as first:
        assert first.stdout
        first.stdout.readline()
        second = lab("grade", tmp_path / "class", folder=tmp_path)
        first.communicate(timeout=60)
    assert second.code == 2
    assert "Another ./lab grade" in second.err


def test_ctrl_c_keeps_what_is_graded_and_leaves_nothing(tmp_path: Path) -> None:
    class_of(tmp_path / "class", STUDENTS)
    with begun(tmp_path / "class", tmp_path) as process:
        assert process.stdout
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"goes on from here" in said
    assert b"Traceback" not in said
    assert 1 <= recorded(tmp_path) < STUDENTS
    assert leftover.abandoned() == []


def test_sigkill_at_any_moment_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """Killed again and again, the same command ends with every result recorded exactly once."""
    class_of(tmp_path / "class", STUDENTS)
    chance = random.Random(8)
    told: list[str] = []
    before = 0
    for _ in range(10):
        with begun(tmp_path / "class", tmp_path) as process:
            time.sleep(chance.uniform(0.2, 2.5))  # the moment is what varies
            os.killpg(process.pid, signal.SIGKILL)
            out, _ = process.communicate()
        told += [
            json.loads(line)["student"]
            for line in out.decode().splitlines()
            if line.endswith("}") and '"summary"' not in line and not json.loads(line)["cached"]
        ]
        if (tmp_path / "state" / "progress.sqlite3").exists():
            assert recorded(tmp_path) >= before
            before = recorded(tmp_path)
    last = lab("grade", tmp_path / "class", "--json", folder=tmp_path)
    assert summary(last)["graded"] == STUDENTS - before
    assert recorded(tmp_path) == STUDENTS
    fresh = [report["student"] for report in reports(last) if not report["cached"]]
    assert len(set(told + fresh)) == len(told + fresh), "an answer was graded for the store twice"
    runner.sweep()
    assert leftover.abandoned() == []


@pytest.fixture
def spare_engine(spare_home: Path) -> Iterator[SpareEngine]:
    images = [*dict.fromkeys(BASES.values()), inspector_tag()]
    with spare.engine(spare_home, images) as engine:
        yield engine


def test_engine_that_dies_and_comes_back_costs_nobody_a_point(
    tmp_path: Path, spare_engine: SpareEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ran on it is graded again; nobody fails for it."""
    monkeypatch.setenv("DOCKER_HOST", spare_engine.address)
    class_of(tmp_path / "class", STUDENTS)
    with begun(tmp_path / "class", tmp_path) as process:
        assert process.stdout
        first = process.stdout.readline()
        spare_engine.kill()
        spare_engine.restart()
        rest, said = process.communicate(timeout=180)
    lines = [json.loads(line) for line in (first + rest).splitlines()]
    assert "summary" in lines[-1], (process.returncode, said.decode())
    assert lines[-1]["summary"]["not_graded"] == 0, said.decode()
    assert {line["score"] for line in lines[:-1]} == {6}
