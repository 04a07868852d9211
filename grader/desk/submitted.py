"""What lies in ``submitted/``: read as data, recognised by its answers, links set aside."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.utils import parse_utc

from grader.answer.submission import MAX_NOTEBOOK_BYTES, from_cells, split_magic
from grader.batch.roster import Entry
from grader.desk import layout as layouts
from grader.desk import restore
from grader.desk.folder import Course, quiet
from grader.desk.layout import Layout
from grader.exercise.catalog import Exercise
from grader.verdict.outcome import UsageError
from grader.verdict.text import clean

TIMESTAMP = "timestamp.txt"
UNREADABLE = "timestamp.unreadable.txt"
MAX_STAMP = 1000
_GLOB = frozenset("*?[]")


@dataclass(frozen=True)
class Paper:
    """What a student handed in for an assignment: an entry per exercise; or a ``problem``."""

    student: str
    assignment: str
    entries: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""


def papers(
    course: Course,
    assignment: str,
    exercises: Mapping[str, Exercise],
    student: str | None = None,
) -> list[Paper]:
    """The papers of an assignment by student. A notebook that was renamed gets its name back."""
    released = layouts.of(course, assignment)
    folders = sorted(course.step("submitted", "x", assignment).parent.parent.glob("*"))
    found = []
    for folder in folders:
        if folder.name.startswith(".") or (student and folder.name != student):
            continue
        place = course.step("submitted", folder.name, assignment)
        if place.is_dir():
            found.append(_paper(folder.name, assignment, place, released, exercises))
    if student and not found:
        raise UsageError(f"{student} handed in nothing for {assignment}.")
    return found


def _paper(
    student: str,
    assignment: str,
    place: Path,
    released: Mapping[str, Layout],
    exercises: Mapping[str, Exercise],
) -> Paper:
    if set(student) & _GLOB:
        problem = "nbgrader can't tell folders with * ? [ ] in their names apart. Rename it."
        return Paper(student, assignment, problem=problem)
    if any(each.is_symlink() for each in (place, place.parent)):
        return Paper(student, assignment, problem="The folder is a link.")
    _drop_links(place)
    notes = [*_set_time_aside(place / TIMESTAMP), *_rename(place, released)]
    entries: list[Entry] = []
    try:
        for name, layout in released.items():
            path = place / f"{name}.ipynb"
            if not path.exists() and len(released) > 1:
                notes.append(f"{name}.ipynb was not handed in: 0 points")
                continue
            mended = restore.restore(read(path), layout)
            notes += mended.notes
            for exercise in layout.exercises:
                answer = from_cells(exercises[exercise], mended.notebook.cells)
                entries.append(Entry(student, exercise, path, answer))
    except UsageError as error:
        return Paper(student, assignment, notes=tuple(notes), problem=str(error))
    except KeyError as error:
        problem = f"This course has no exercise {error}: ./lab nbgrader release {assignment}"
        return Paper(student, assignment, notes=tuple(notes), problem=problem)
    others = sorted(path.name for path in place.glob("*.ipynb") if path.stem not in released)
    if others:
        notes.append(f"not part of the assignment: {clean(', '.join(others))}")
    return Paper(student, assignment, tuple(entries), tuple(notes))


def _rename(place: Path, released: Mapping[str, Layout]) -> list[str]:
    """Give notebooks that are recognised their released names, where those are free."""
    notes = []
    for path in sorted(place.glob("*.ipynb")):
        if path.stem in released or not stat.S_ISREG(path.lstat().st_mode):
            continue
        try:
            name = recognised(read(path), released)
        except UsageError:
            continue
        target = place / f"{name}.ipynb"
        if name and not target.exists():
            path.rename(target)
            notes.append(f"{clean(path.name)} is {target.name} by its cells")
    return notes


def recognised(notebook: Mapping[str, Any], released: Mapping[str, Layout]) -> str:
    """The released notebook that a notebook is made from by its cells, else empty."""
    ids: set[str] = set()
    answers: set[tuple[str, str]] = set()
    for cell in notebook["cells"]:
        nbgrader = cell.get("metadata", {}).get("nbgrader", {})
        ids.add(str(cell.get("id")))
        ids.add(str(nbgrader.get("grade_id")))
        magic = split_magic(cell.get("source", ""))
        if magic:
            answers.add(magic[:2])
    counted = {
        name: sum(
            bool({cell.id, cell.grade_id} & ids or cell.answers in answers)
            for cell in layout.cells
            if cell.grade or cell.solution
        )
        for name, layout in released.items()
    }
    most = max(counted.values(), default=0)
    best = [name for name, count in counted.items() if count == most > 0]
    return best[0] if len(best) == 1 else ""


def read(path: Path) -> Any:
    """A notebook as nbgrader will read it. Raises UsageError where it can't be read as one."""
    name = clean(path.name)
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{name} is no plain file.")
        if status.st_size > MAX_NOTEBOOK_BYTES:
            raise UsageError(
                f"{name} is {status.st_size / 1e6:.0f} MB; a notebook has at most "
                f"{MAX_NOTEBOOK_BYTES // 2**20} MB. Clear its outputs and hand it in again."
            )
        with quiet():
            notebook = nbformat.read(path, as_version=4)
            _check(notebook["cells"])
    except FileNotFoundError as error:
        there = ", ".join(sorted(each.name for each in path.parent.glob("*.ipynb")))
        raise UsageError(f"{name} is missing; there is {clean(there) or 'no notebook'}.") from error
    except UsageError:
        raise
    except OSError as error:
        raise UsageError(f"{name} can't be read: {error.strerror}.") from error
    except Exception as error:  # nbformat raises whatever a malformed file leads it to
        raise UsageError(f"{name} can't be read as a notebook ({type(error).__name__}).") from error
    return notebook


def _check(cells: Sequence[Any]) -> None:
    """Raises where the shape of the cells isn't a notebook's."""
    for cell in cells:
        dict(cell["metadata"]), dict(cell["metadata"].get("nbgrader", {})), cell["cell_type"] + ""
        cell["source"] + ""


def drop_links(assignment: str, student: str, notebooks: Sequence[str]) -> None:
    """nbgrader's hook before a conversion: it copies whatever lies beside a notebook, and would
    follow a link to any file of this machine."""
    for folder in {Path(notebook).parent for notebook in notebooks}:
        _drop_links(folder)


def _drop_links(folder: Path) -> None:
    for path in folder.rglob("*"):
        kind = path.lstat().st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            path.unlink()


def _set_time_aside(stamp: Path) -> list[str]:
    """Rename a time of submission that nbgrader can't read: it would stop half-way at it, and
    Formgrader would list nobody."""
    if not stamp.exists():
        return []
    try:
        if stamp.stat().st_size < MAX_STAMP:
            parse_utc(stamp.read_text().strip() or None)
            return []
    except (OSError, ValueError, OverflowError):
        pass
    stamp.rename(stamp.with_name(UNREADABLE))
    return [f"{stamp.name} holds no time like 2030-12-01 08:00:00 UTC; it was set aside"]
