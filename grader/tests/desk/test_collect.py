"""``./lab nbgrader collect``: whose a notebook is, which one it is, and which of several counts."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from nbgrader.converters import GenerateAssignment

from grader.desk import collect, convert
from grader.desk import folder as courses
from grader.desk.collect import Collected
from grader.desk.folder import Course
from grader.tests.desk import classroom
from grader.tests.desk.classroom import ASSIGNMENT, hand_in, released
from grader.verdict.outcome import UsageError

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    made = classroom.course_of(tmp_path_factory.mktemp("collect"))
    assert convert.run(GenerateAssignment, made, ASSIGNMENT) == ""
    return made


def collected(course: Course, folder: Path, pattern: str = collect.DOWNLOAD) -> list[Collected]:
    return collect.from_folder(course, folder, pattern)


def there(course: Course, student: str) -> Path:
    return course.step("submitted", student, ASSIGNMENT) / f"{ASSIGNMENT}.ipynb"


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("ada1/small.ipynb", "ada1"),
        ("ada2/small/any name.ipynb", "ada2"),
        ("ada3_small.ipynb", "ada3"),
        ("Ada Four_1234_assignsubmission_file/small.ipynb", "Ada Four"),
    ],
)
def test_student_is_known_by_folder_or_file(
    course: Course, tmp_path: Path, path: str, student: str
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(json.dumps(released(course)))
    [one] = collected(course, tmp_path)
    assert (one.student, one.assignment, one.problem) == (student, ASSIGNMENT, "")
    assert there(course, student).is_file()


def test_newest_of_several_counts_and_collecting_again_changes_nothing(
    course: Course, tmp_path: Path
) -> None:
    old = hand_in(tmp_path, "bo", released(course), "old")
    new = hand_in(tmp_path, "bo", classroom.answered(released(course), "FROM x\n"), "a new one")
    os.utime(old, (1_700_000_000, 1_700_000_000))
    os.utime(new, (1_700_000_100, 1_700_000_100))
    assert [one.problem for one in collected(course, tmp_path)] == ["", ""]
    assert there(course, "bo").read_bytes() == new.read_bytes()
    stamp = there(course, "bo").with_name("timestamp.txt")
    assert stamp.read_text() == "2023-11-14 22:15:00 UTC\n"
    again = collected(course, tmp_path)
    assert [one.note for one in again] == ["older than what is collected", "collected already"]
    assert there(course, "bo").read_bytes() == new.read_bytes()


def test_what_can_not_be_collected_is_named(course: Course, tmp_path: Path) -> None:
    hand_in(tmp_path, "cut", '{"cells": [')
    hand_in(tmp_path, "foreign", {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    hand_in(tmp_path, "<b>", released(course))
    (tmp_path / "nobody.ipynb").write_text(json.dumps(released(course)))
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "x.ipynb").symlink_to(tmp_path / "nobody.ipynb")
    problems = {one.student: one.problem for one in collected(course, tmp_path)}
    says = {
        "cut": "can't be read",
        "foreign": "not collected",
        "<b>": "can't be a student's id",
        "": "Whose is it",
        "link": "no plain file",
    }
    assert problems.keys() == says.keys()
    for student, words in says.items():
        assert re.search(words, problems[student])


def test_pattern_finds_the_student_in_other_names(course: Course, tmp_path: Path) -> None:
    (tmp_path / "hw-di.ipynb").write_text(json.dumps(released(course)))
    [one] = collected(course, tmp_path, r"hw-(?P<student_id>\w+)\.ipynb")
    assert one.student == "di"
    with pytest.raises(UsageError, match="student_id"):
        collected(course, tmp_path, "hw")


def test_exchange_is_nbgraders_own(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A submission in the inbound folder of an exchange arrives in submitted/."""
    inbound = tmp_path / "exchange" / "small-course" / "inbound"
    place = inbound / f"eli+{ASSIGNMENT}+2026-11-20 10:00:00 UTC+x"
    place.mkdir(parents=True)
    (place / "small.ipynb").write_text(json.dumps(released(course)))
    (place / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    monkeypatch.setitem(course.config.Exchange, "root", str(tmp_path / "exchange"))
    assert collect.from_exchange(course, ASSIGNMENT) == ""
    assert there(course, "eli").is_file()


def test_no_exchange_is_said_in_a_sentence(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(course.config.Exchange, "root", "/nowhere/at/all")
    assert "/nowhere/at/all" in collect.from_exchange(course, ASSIGNMENT)


def test_course_without_the_sandbox_is_refused(course: Course) -> None:
    """nbgrader would run the students' code."""
    config = course.root / courses.CONFIG
    text = config.read_text()
    config.write_text(text.replace("configure(c)", ""))
    with pytest.raises(UsageError, match="run the students' code"):
        courses.find(course.root)
    config.write_text(text)
