"""The way of a new author: a toy exercise from the template to a proven one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.author.audit import TEMPLATE_MARK
from grader.tests.author.conftest import Copy


@pytest.mark.course
def test_toy_exercise_is_whole_once_its_texts_are_written(copy: Copy) -> None:
    """What the template leaves to the author is named, and nothing else is missing."""
    made = copy.lab("new", "01_security/toy")
    assert made.returncode == 0, made.stderr
    assert "./lab verify toy" in made.stderr

    first = copy.lab("verify", "toy", "--json")
    assert first.returncode == 1, first.stderr
    (toy,) = json.loads(first.stdout)["exercises"]
    assert all("still to be written" in problem for problem in toy["problems"]), toy["problems"]

    for path in map(Path, made.stdout.splitlines()):
        path.write_text(path.read_text().replace(TEMPLATE_MARK, "so it is"))
    second = copy.lab("verify", "toy", "--json")
    assert second.returncode == 0, second.stdout
    (toy,) = json.loads(second.stdout)["exercises"]
    graded = {item["answer"]: item["failed"] for item in toy["answers"]}
    assert graded["solution"] == graded["right_shell_form"] == []
    assert graded["starter"] == ["service_answers"]


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("toy", "is no place for an exercise"),
        ("01_security/../toy", "is no place for an exercise"),
        ("01_security/Toy", "is no place for an exercise"),
        ("01_security/nonroot_user", "There is an exercise called nonroot_user already"),
    ],
)
def test_place_that_can_not_be_is_refused(copy: Copy, place: str, said: str) -> None:
    """A slip leaves nothing behind and says what a place looks like."""
    done = copy.lab("new", place)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
