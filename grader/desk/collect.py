"""Collects notebooks into ``submitted/STUDENT/ASSIGNMENT/``, recognised by their cells.

From a plain folder: ``STUDENT/…/any name.ipynb``, or files whose names begin with the student's
(``STUDENT_anything.ipynb``, as learning platforms name downloads); or from nbgrader's exchange.
"""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from grader.desk import layout, submitted
from grader.desk.folder import Course
from grader.desk.layout import Layout
from grader.verdict.outcome import UsageError
from grader.verdict.text import clean

DOWNLOAD = r"(?P<student_id>[^_]+)_.*"
"""How the name of a file begins that lies in no student's folder."""
_MOODLE = re.compile(r"(?P<student_id>.+?)_\d+_assignsubmission_.*")
_STUDENT = re.compile(r"\w[\w.@ -]{0,79}")
_TIME = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class Collected:
    """What came of one notebook; with a ``problem`` nothing was collected."""

    student: str
    source: str
    assignment: str = ""
    note: str = ""
    problem: str = ""


@dataclass(frozen=True)
class _Found:
    student: str
    path: Path
    handed: datetime


def from_folder(course: Course, folder: Path, pattern: str = DOWNLOAD) -> list[Collected]:
    """Collect every notebook below a folder; of several for the same the newest counts.

    Raises UsageError when the folder or the pattern can't be used.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder of notebooks.")
    try:
        named = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"The pattern is no regular expression: {error}.") from error
    if "student_id" not in named.groupindex:
        raise UsageError("The pattern needs a group (?P<student_id>…).")
    released = {
        f"{assignment}/{name}": each
        for assignment in course.assignments()
        for name, each in layout.of(course, assignment).items()
    }
    found = list(_find(folder, named))
    if not found:
        raise UsageError(f"There is no notebook (.ipynb) in {folder}.")
    found.sort(key=lambda each: (each.student, each.handed, each.path.name))
    return [_collect(course, each, released) for each in found]


def from_exchange(course: Course, assignment: str) -> str:
    """nbgrader's own collect; returns what went wrong, empty when all is well."""
    from nbgrader.exchange import ExchangeError, ExchangeFactory

    directory = course.directory
    directory.assignment_id = assignment
    exchange = ExchangeFactory(config=course.config)
    collecting = exchange.Collect(coursedir=directory, config=course.config, update=True)
    try:
        collecting.start()
    except ExchangeError as error:
        return clean(str(error))
    return ""


def _find(folder: Path, named: re.Pattern[str]) -> Iterator[_Found]:
    for path in sorted(folder.rglob("*.ipynb")):
        inside = path.relative_to(folder)
        if any(part.startswith(".") for part in inside.parts):
            continue
        if len(inside.parts) == 1:
            match = named.fullmatch(path.name)
            student = match["student_id"] if match else ""
        else:
            match = _MOODLE.fullmatch(inside.parts[0])
            student = match["student_id"] if match else inside.parts[0]
        handed = datetime.fromtimestamp(path.lstat().st_mtime, UTC).replace(microsecond=0)
        yield _Found(student.strip(), path, handed)


def _collect(course: Course, found: _Found, released: Mapping[str, Layout]) -> Collected:
    name = clean(found.path.name)
    student = clean(found.student)
    if not _STUDENT.fullmatch(found.student):
        problem = (
            f"{student!r} can't be a student's id: letters, digits, . @ - and spaces."
            if student
            else "Whose is it? The name of a file in no folder begins with STUDENT_ (--pattern)."
        )
        return Collected(student, name, problem=problem)
    try:
        if not stat.S_ISREG(found.path.lstat().st_mode):
            raise UsageError(f"{name} is no plain file.")
        key = submitted.recognised(submitted.read(found.path), released)
    except UsageError as error:
        return Collected(student, name, problem=str(error))
    if not key:
        problem = "None of its cells is one of a released notebook's: not collected."
        return Collected(student, name, problem=problem)
    assignment, _, notebook = key.partition("/")
    place = course.step("submitted", found.student, assignment)
    return _put(place, f"{notebook}.ipynb", found, assignment)


def _put(place: Path, target: str, found: _Found, assignment: str) -> Collected:
    """Copy the notebook unless what is there is the same or newer."""
    name, student = clean(found.path.name), clean(found.student)
    there, stamp = place / target, place / submitted.TIMESTAMP
    content = found.path.read_bytes()
    note = "" if name == target else f"as {target}, by its cells"
    if there.is_file() and there.read_bytes() == content:
        return Collected(student, name, assignment, note="collected already")
    if there.exists():
        before = _time(stamp)
        if before and before > found.handed:
            return Collected(student, name, assignment, note="older than what is collected")
        note = f"{note or target} in place of the one before"
        shutil.rmtree(place)
    place.mkdir(parents=True, exist_ok=True)
    there.write_bytes(content)
    stamp.write_text(found.handed.strftime(_TIME) + " UTC\n")
    return Collected(student, name, assignment, note=note)


def _time(stamp: Path) -> datetime | None:
    try:
        text = stamp.read_text().strip().removesuffix(" UTC")
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except (OSError, ValueError):
        return None
