"""Bad input gets a clear message, the right exit code, and nothing is lost."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from grader.exercise import catalog
from grader.tests.cli.lab import Done, lab

EXERCISE = catalog.find("nonroot_user")
SOLUTION = EXERCISE.solved["Dockerfile"]


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    folder = tmp_path / "answers"
    folder.mkdir()
    return folder


def check(answers: Path, *options: str, **environment: str) -> Done:
    command: tuple[str | Path, ...] = ("check", EXERCISE.id, "--submission", answers, "--json")
    return lab(*command, *options, folder=answers.parent, **environment)


def assert_failed(done: Done, says: str) -> None:
    """One report, nothing earned, the first check says why and the others are skipped."""
    assert done.code == 1, done
    report = done.json
    assert report["score"] == 0
    assert report["complete"]
    assert says in report["checks"][0]["message"]
    assert {item["status"] for item in report["checks"][1:]} == {"skipped"}
    assert "Traceback" not in done.out + done.err


@pytest.mark.parametrize(
    ("name", "near"),
    [("nonroot", "nonroot_user"), ("json_log", "json_logs"), ("zzz", "./lab list")],
)
def test_unknown_exercise_names_the_nearest(name: str, near: str, tmp_path: Path) -> None:
    done = lab("check", name, "--json", folder=tmp_path)
    assert done.code == 2
    assert near in done.json["error"]
    assert near in done.err


def test_unknown_command_and_option(tmp_path: Path) -> None:
    for arguments in (("chek",), ("check", EXERCISE.id, "--frobnicate"), ("check",)):
        done = lab(*arguments, folder=tmp_path)
        assert done.code == 2
        assert "Traceback" not in done.err


def test_no_answer_yet_says_how_to_begin(tmp_path: Path) -> None:
    done = lab("check", EXERCISE.id, "--json", folder=tmp_path)
    assert done.code == 2
    assert f"./lab reset {EXERCISE.id}" in done.json["error"]


def test_path_that_is_not_there(tmp_path: Path) -> None:
    done = check(tmp_path / "nowhere" / "x")
    assert done.code == 2
    assert "nothing at" in done.json["error"]


def test_file_that_is_no_notebook(answers: Path) -> None:
    path = answers / "answer.txt"
    path.write_text("hello")
    assert check(path).code == 2


@pytest.mark.parametrize("content", ["{not json", "[]", '{"cells": 3}', '{"cells": [1]}', "\xff"])
def test_notebook_that_is_none(answers: Path, content: str) -> None:
    path = answers / "answer.ipynb"
    path.write_text(content, encoding="latin-1")
    done = check(path)
    assert done.code == 2
    assert "not a notebook" in done.json["error"]


def test_empty_folder(answers: Path) -> None:
    assert_failed(check(answers), "Dockerfile is missing")


def test_dockerfile_that_does_not_parse(answers: Path) -> None:
    (answers / "Dockerfile").write_text("FROM python:3.11-slim\nRUNN true\n")
    assert_failed(check(answers), "line 2")


@pytest.mark.slow
def test_step_that_fails(answers: Path) -> None:
    (answers / "Dockerfile").write_text("FROM python:3.11-slim\nRUN echo it-said; exit 3\n")
    done = check(answers)
    assert_failed(done, "Line 2")
    assert "exit code: 3" in done.json["checks"][0]["message"]


def test_image_that_the_lab_lacks_is_not_scored(answers: Path) -> None:
    (answers / "Dockerfile").write_text("FROM alpine:3\n")
    done = check(answers)
    assert done.code == 3
    assert done.json["status"] == "error"
    assert "no image 'alpine:3'" in done.json["checks"][0]["message"]
    assert "python:3.11-slim" in done.json["checks"][0]["message"]


def test_huge_file(answers: Path) -> None:
    with (answers / "Dockerfile").open("wb") as file:
        file.truncate(100_000_000)
    assert_failed(check(answers), "100.0 MB")


@pytest.mark.slow
def test_symbolic_link_is_not_followed(answers: Path) -> None:
    (answers / "Dockerfile").symlink_to("/etc/passwd")
    done = check(answers)
    assert_failed(done, "symbolic link")
    assert "root:x:" not in done.out + done.err


def test_pipe_does_not_hang(answers: Path) -> None:
    os.mkfifo(answers / "Dockerfile")
    assert_failed(check(answers), "not a plain file")


def test_text_that_is_not_utf8(answers: Path) -> None:
    (answers / "Dockerfile").write_bytes(b"FROM python:3.11-slim\n# \xff\xfe\n")
    assert_failed(check(answers), "not UTF-8")


@pytest.mark.slow
def test_other_files_are_named_and_left_aside(answers: Path) -> None:
    """Also an answer to a given file, and names made to confuse a terminal."""
    (answers / "Dockerfile").write_text(SOLUTION)
    (answers / "app.py").write_text("raise SystemExit('not the given service')")
    (answers / "evil\x1b[2Jname").write_text("")
    done = check(answers)
    assert done.code == 0
    assert "app.py" in done.json["submission"]["ignored"]
    shown = lab("check", EXERCISE.id, "--submission", answers, folder=answers.parent)
    assert "app.py" in shown.out
    assert "\x1b" not in shown.out + shown.err


def test_file_name_that_climbs_is_never_read(answers: Path) -> None:
    (answers.parent / "Dockerfile").write_text(SOLUTION)
    cell = "%%answer nonroot_user ../Dockerfile\n" + SOLUTION
    notebook = {"cells": [{"cell_type": "code", "metadata": {}, "source": cell}]}
    path = answers / "answer.ipynb"
    path.write_text(json.dumps(notebook))
    done = check(path)
    assert_failed(done, "Dockerfile is missing")
    assert done.json["submission"]["ignored"] == ["../Dockerfile"]


@pytest.mark.slow
def test_notebook_answer_is_graded(answers: Path) -> None:
    source = ["%%answer nonroot_user Dockerfile\n", *SOLUTION.splitlines(keepends=True)]
    cells = [
        {"cell_type": "code", "metadata": {}, "source": "import os; os.abort()"},
        {"cell_type": "code", "metadata": {}, "source": source},
    ]
    path = answers / "answer.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    done = check(path)
    assert done.code == 0
    assert done.json["score"] == done.json["max_score"]


def test_no_engine_is_exit_code_3_and_nothing_scored(answers: Path) -> None:
    (answers / "Dockerfile").write_text(SOLUTION)
    done = check(answers, DOCKER_HOST="unix:///nonexistent.sock")
    assert done.code == 3
    assert done.json["complete"] is False
    assert done.json["score"] == 0
    assert "./lab setup" in done.json["checks"][0]["message"]
