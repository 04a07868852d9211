"""The commands work together: a learner's way through an exercise."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grader.exercise import catalog, project
from grader.tests.cli.lab import lab

EXERCISE = catalog.find("nonroot_user")


@pytest.mark.slow
def test_a_learners_way(tmp_path: Path) -> None:
    """Reset, check, hints, solution, progress; what was there is kept."""
    assert "starter" in lab("reset", EXERCISE.id, folder=tmp_path).out
    folder = tmp_path / "workspace" / EXERCISE.id
    assert (folder / "app.py").read_bytes() == EXERCISE.given["app.py"]
    checked = lab("check", EXERCISE.id, folder=tmp_path)
    assert checked.code == 1
    assert "✘" in checked.out
    assert "./lab hint nonroot_user" in checked.out
    assert "docker build -t web ." in checked.out
    hints = [lab("hint", EXERCISE.id, "--json", folder=tmp_path).json for _ in range(4)]
    assert [hint["check"] for hint in hints[:3]] == ["process_not_root"] * 3
    assert [hint["number"] for hint in hints[:3]] == [1, 2, 3]
    assert hints[3]["check"] != "process_not_root"
    solution = lab("solution", EXERCISE.id, "--json", folder=tmp_path).json
    (folder / "Dockerfile").write_text(solution["files"]["Dockerfile"])
    assert lab("check", EXERCISE.id, folder=tmp_path).code == 0
    progress = lab("progress", "--json", folder=tmp_path).json
    done = {item["id"]: item for item in progress["exercises"]}[EXERCISE.id]
    assert (done["best"], done["attempts"]) == (EXERCISE.max_points, 2)
    kept = lab("reset", EXERCISE.id, "--json", folder=tmp_path).json["kept"]
    assert Path(kept, "Dockerfile").read_text() == solution["files"]["Dockerfile"]


def test_listing_has_the_whole_catalogue(tmp_path: Path) -> None:
    listed = lab("list", "--json", folder=tmp_path).json["exercises"]
    assert [item["id"] for item in listed] == list(catalog.discover())
    text = lab("list", folder=tmp_path).out
    assert all(name in text for name in catalog.discover())
    assert "\x1b" not in text


def test_clean_says_when_nothing_is_left(tmp_path: Path) -> None:
    done = lab("clean", "--json", folder=tmp_path)
    assert done.code == 0
    assert isinstance(done.json["removed"], list)


def test_json_is_all_there_is_on_stdout(tmp_path: Path) -> None:
    done = lab("check", EXERCISE.id, "--submission", EXERCISE.solution, "--json", folder=tmp_path)
    assert done.json["status"] == "passed"
    assert done.out.count("\n") == 1


def test_terminal_without_colours_when_asked(tmp_path: Path) -> None:
    """On a terminal there are colours, unless NO_COLOR is set."""
    assert b"\x1b[" in _on_a_terminal(tmp_path, {})
    assert b"\x1b[1m" not in _on_a_terminal(tmp_path, {"NO_COLOR": "1"})


def _on_a_terminal(folder: Path, environment: dict[str, str]) -> bytes:
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "grader", "list"],
        cwd=project.ROOT,
        env={**os.environ, "DRYDOCK_STATE": str(folder), **environment},
        stdout=theirs,
        stderr=theirs,
        check=True,
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:
        pass
    os.close(ours)
    return shown


@pytest.mark.slow
def test_watch_grades_again_at_a_save(tmp_path: Path) -> None:
    lab("reset", EXERCISE.id, folder=tmp_path)
    answer = tmp_path / "workspace" / EXERCISE.id / "Dockerfile"
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "check", EXERCISE.id, "--watch", "--json"],
        cwd=project.ROOT,
        env={
            **os.environ,
            "DRYDOCK_WORKSPACE": str(tmp_path / "workspace"),
            "DRYDOCK_STATE": str(tmp_path / "state"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stderr
    assert b'"status": "failed"' in process.stdout.readline()
    assert b"Watching" in process.stderr.readline()
    answer.write_text(EXERCISE.solved["Dockerfile"])
    assert b'"status": "passed"' in process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0
