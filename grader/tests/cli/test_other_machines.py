"""The command line where things are otherwise: an engine that isn't one, a terminal that knows
little, a launcher that is reached through a link."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from grader.exercise import catalog, project
from grader.tests.cli.lab import lab
from grader.tests.engine.socket_of import answering, said_by

PODMAN = "is Podman 5.4.2, not a Docker Engine, and the lab judges what Docker does. Install Docker"
ASCII = {"PYTHONIOENCODING": "ascii"}
C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def solution(folder: Path) -> Path:
    """The answers of one student to one exercise; the folder that holds the student's."""
    exercise = catalog.find("nonroot_user")
    for name, text in exercise.solved.items():
        path = folder / "class" / "ada" / exercise.id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "class"


def test_podman_is_refused_before_anything_is_scored(tmp_path: Path) -> None:
    """nonroot_user's solution failed there, and the learner was blamed."""
    answers = solution(tmp_path) / "ada" / "nonroot_user"
    with answering(tmp_path / "docker.sock", said_by("podman-5.4")) as address:
        options = ("check", "nonroot_user", "--submission", answers)
        told = lab(*options, folder=tmp_path, DOCKER_HOST=address)
        done = lab(*options, "--json", folder=tmp_path, DOCKER_HOST=address)
        graded = lab("grade", tmp_path / "class", folder=tmp_path, DOCKER_HOST=address)
    assert (told.code, done.code, graded.code) == (3, 3, 3)
    assert " ".join(told.out.split()).count(PODMAN) == 1, "once is enough"
    assert graded.err.count(PODMAN) == 1
    report = done.json
    assert report["score"] == 0
    assert {check["status"] for check in report["checks"]} == {"error"}
    assert all(PODMAN in check["message"] for check in report["checks"])


@pytest.mark.parametrize("environment", [ASCII, C_LOCALE], ids=["ascii", "C"])
def test_every_command_speaks_to_any_terminal(tmp_path: Path, environment: dict[str, str]) -> None:
    """A ``✔`` ended the doctor with a UnicodeEncodeError."""
    answers = solution(tmp_path) / "ada" / "nonroot_user"
    (answers / "Dockerfile").write_text("FROM python:3.11-slim\nUSER app\nRUN exit 1\n")
    nobody = {**environment, "DOCKER_HOST": "unix:///nowhere.sock"}
    for command in (
        ("list",),
        ("progress",),
        ("reset", "nonroot_user"),
        ("hint", "nonroot_user", "process_not_root"),
        ("solution", "nonroot_user", "--yes"),
        ("list", "--json"),
    ):
        done = lab(*command, folder=tmp_path, **nobody)
        assert done.code == 0, done.err
        assert done.out.isascii()
    done = lab("check", "nonroot_user", "--submission", answers, folder=tmp_path, **environment)
    assert (done.code, done.out.isascii()) == (1, True), done.err
    assert " x The image builds" in done.out
    doctor = launched(project.ROOT / "lab", "doctor", **environment)
    assert doctor.returncode == 0, doctor.stderr
    assert " + engine" in doctor.stdout


def test_json_says_the_same_in_any_encoding(tmp_path: Path) -> None:
    """What the encoding lacks is escaped, not replaced: é, and what takes two escapes."""
    answers = solution(tmp_path) / "ada" / "nonroot_user"
    for name in ("é", "🐳"):
        (answers / name).touch()
    options = ("check", "nonroot_user", "--json", "--submission", answers)
    done = lab(*options, folder=tmp_path, DOCKER_HOST="unix:///nowhere.sock", **ASCII)
    assert done.out.isascii()
    assert set(done.json["submission"]["ignored"]) == {"é", "🐳"}
    listed = lab("list", "--json", folder=tmp_path, **ASCII).json
    assert listed == lab("list", "--json", folder=tmp_path).json


def test_launcher_works_through_a_link(tmp_path: Path) -> None:
    """It looked for .venv and requirements.txt beside the link."""
    link = tmp_path / "lab"
    link.symlink_to(project.ROOT / "lab")
    done = launched(link, "list", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["exercises"]
    done = launched(link, "doctor", "--json")
    assert json.loads(done.stdout)["ready"], done.stdout


def launched(launcher: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [launcher, *arguments],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
