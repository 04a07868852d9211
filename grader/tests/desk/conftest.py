"""A class that is collected and graded once, for all the tests that look at what came of it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.desk.folder import Course
from grader.tests.cli.lab import Done, lab
from grader.tests.desk import classroom
from grader.tests.desk.classroom import ASSIGNMENT, STUDENTS, hand_in, released


@dataclass(frozen=True)
class Class:
    """A graded course; ``canary`` is a file that only a student's code would make."""

    course: Course
    home: Path
    canary: Path
    collected: Done
    done: Done

    @property
    def marked(self) -> dict[str, Any]:
        lines = [json.loads(line) for line in self.done.out.splitlines()]
        return {line["student"]: line for line in lines}

    def run(self, *arguments: str | Path) -> Done:
        return lab("nbgrader", *arguments, "--course", self.course.root, folder=self.home)

    def page(self, student: str, step: str = "autograded") -> Path:
        suffix = "html" if step == "feedback" else "ipynb"
        return self.course.step(step, student, ASSIGNMENT) / f"{ASSIGNMENT}.{suffix}"

    def grade(self, student: str) -> Any:
        """The row of the one grade cell in the gradebook."""
        with self.course.gradebook() as gradebook:
            submission = gradebook.find_submission(ASSIGNMENT, student)
            [grade] = [each for nb in submission.notebooks for each in nb.grades]
            return grade.to_dict()


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    home = tmp_path_factory.mktemp("class")
    course = classroom.course_of(home)
    canary, handed = home / "pwned", home / "handed"
    made = lab("nbgrader", "release", "--course", course.root, folder=home)
    assert made.code == 0, made
    for student in STUDENTS:
        hand_in(handed, student.__name__, student(released(course), canary))
    right = classroom.answered(released(course), classroom.EXERCISE.solved["Dockerfile"])
    hand_in(handed, "cy", right, "final version (2)")
    with hand_in(handed, "ivy", "").open("wb") as file:
        file.truncate(2**30)
    hand_in(handed, "zed", {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    collect = ("nbgrader", "collect", handed, "--json", "--course", course.root)
    collected = lab(*collect, folder=home)
    _by_hand(course, handed)
    done = lab(
        *("nbgrader", "autograde", ASSIGNMENT, "--json", "--course", course.root), folder=home
    )
    return Class(course, home, canary, collected, done)


def _by_hand(course: Course, handed: Path) -> None:
    """What lies in submitted/ without our collect: broken files, a renamed one, links."""
    for student in ("gus", "hal", "ned", "ivy", "zed"):
        place = course.step("submitted", student, ASSIGNMENT)
        place.mkdir(parents=True)
        (handed / student / "small.ipynb").rename(place / "small.ipynb")
    ada = course.step("submitted", "ada", ASSIGNMENT)
    place = course.step("submitted", "tim", ASSIGNMENT)
    shutil.copytree(ada, place)
    (place / "timestamp.txt").write_text("yesterday, I think")
    place = course.step("submitted", "lea", ASSIGNMENT)
    shutil.copytree(ada, place)
    (place / "small.ipynb").rename(place / "mine.ipynb")
    (place / "secret").symlink_to(course.root / "nbgrader_config.py")
    os.mkfifo(place / "pipe")
    (place / "data.txt").write_text("the student's")
