"""Who handed in what: the answers below a folder, by student and exercise.

Three layouts, also mixed: ``STUDENT/EXERCISE/files``, ``STUDENT/*.ipynb``, and nbgrader's
``submitted/STUDENT/ASSIGNMENT/*.ipynb``. Everything is read as data; links aren't followed. What
can't be read is a problem of that one entry and disturbs no other.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.answer import submission
from grader.answer.submission import Submission
from grader.exercise import project
from grader.exercise.catalog import Exercise
from grader.verdict.outcome import UsageError
from grader.verdict.text import clean

SUBMITTED = "submitted"
_IGNORED = ("__pycache__",)


@dataclass(frozen=True)
class Entry:
    """One answer that was handed in, or what stands in its way: then ``submission`` is None and
    ``problem`` a sentence (``exercise`` is empty where even that isn't known)."""

    student: str
    exercise: str
    source: Path
    submission: Submission | None
    problem: str = ""


def read(path: Path, exercises: Mapping[str, Exercise]) -> list[Entry]:
    """All entries below ``path`` by student, in the course's order. Raises UsageError when there
    is nobody's answer."""
    root = path / SUBMITTED if (path / SUBMITTED).is_dir() else path
    if not root.is_dir():
        raise UsageError(f"{path} is no folder. Give the folder that holds a folder per student.")
    entries = [
        entry
        for student in _folders(root)
        for entry in _one_each(list(_of_student(student, exercises)), exercises)
    ]
    if not entries:
        raise UsageError(
            f"Nobody's answers are in {path}. It should hold STUDENT/EXERCISE/files, "
            "STUDENT/NOTEBOOK.ipynb or submitted/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb."
        )
    return entries


def _of_student(folder: Path, exercises: Mapping[str, Exercise]) -> Iterator[Entry]:
    student = clean(folder.name)
    yield from _notebooks(student, folder, exercises)
    for child in _folders(folder):
        exercise = exercises.get(child.name)
        if exercise:
            yield _entry(student, exercise, child)
        else:
            yield from _notebooks(student, child, exercises)


def _notebooks(student: str, folder: Path, exercises: Mapping[str, Exercise]) -> Iterator[Entry]:
    for path in sorted(folder.glob("*.ipynb")):
        if not stat.S_ISREG(path.lstat().st_mode):
            yield Entry(student, "", path, None, f"{path.name} is no plain file.")
            continue
        try:
            named = submission.answered_in(path)
        except UsageError as error:
            yield Entry(student, "", path, None, str(error))
            continue
        for name in named:
            if name in exercises:
                yield _entry(student, exercises[name], path)
            else:
                problem = f"There is no exercise called {clean(name)[:60]!r}."
                yield Entry(student, "", path, None, problem)
        if not named:
            yield Entry(student, "", path, None, f"{clean(path.name)} has no answer cells.")


def _entry(student: str, exercise: Exercise, source: Path) -> Entry:
    try:
        return Entry(student, exercise.id, source, submission.read(exercise, source))
    except UsageError as error:
        return Entry(student, exercise.id, source, None, str(error))


def _one_each(entries: list[Entry], exercises: Mapping[str, Exercise]) -> Iterator[Entry]:
    """One entry per exercise: of several, the one from a notebook with its released name counts,
    else the first by name; the others are named as problems."""
    released = {path.name for path in project.NOTEBOOKS.glob("*.ipynb")}
    order = {name: number for number, name in enumerate(exercises)}
    seen: dict[str, Entry] = {}
    ranked = sorted(
        entries,
        key=lambda entry: (order.get(entry.exercise, -1), entry.source.name not in released),
    )
    for entry in ranked:
        first = seen.setdefault(entry.exercise, entry) if entry.exercise else entry
        if first is entry:
            yield entry
        elif entry.submission != first.submission:
            problem = f"{entry.exercise} is answered in {clean(first.source.name)}, which counts."
            yield Entry(entry.student, "", entry.source, None, problem)


def _folders(root: Path) -> list[Path]:
    return sorted(
        path
        for path in root.iterdir()
        if path.is_dir()
        and not path.is_symlink()
        and not path.name.startswith(".")
        and path.name not in _IGNORED
    )
