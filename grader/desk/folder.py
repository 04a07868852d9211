"""The course folder: where it is, its nbgrader configuration, its gradebook; how one is made."""

from __future__ import annotations

import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

from grader.desk import settings
from grader.exercise import project
from grader.verdict.outcome import UsageError

CONFIG = "nbgrader_config.py"
WITHOUT_EXERCISES = frozenset({"00_start_here"})
_ID = re.compile(r"[\w][\w.-]{0,63}")
_TEMPLATE = '''\
"""nbgrader's configuration of this course. ./lab nbgrader, Formgrader and nbgrader all read it."""

import sys
from pathlib import Path

sys.path.insert(0, {kit!r})  # where Drydock is: change it when Drydock moves

from grader.desk.settings import configure

c = get_config()  # noqa: F821
c.CourseDirectory.course_id = {course_id!r}
c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# Notebooks are never executed: answers are read as data and graded in containers.
configure(c)

# Late submissions keep their points; "zero" takes them all.
c.LateSubmissionPlugin.penalty_method = "none"

# A folder that students and instructors share, for nbgrader's own way of handing out:
# c.Exchange.root = "/srv/nbgrader/exchange"
'''


@dataclass(frozen=True)
class Course:
    """A course folder and the configuration that it holds."""

    root: Path
    config: Config

    @property
    def directory(self) -> Any:
        """nbgrader's view of the folder, a new one at each call (converters change it)."""
        return CourseDirectory(config=self.config, root=str(self.root))

    @contextmanager
    def gradebook(self) -> Iterator[Any]:
        directory = self.directory
        with quiet(), Gradebook(directory.db_url, directory.course_id) as opened:
            yield opened

    def step(self, name: str, student: str, assignment: str) -> Path:
        """As in ``submitted/STUDENT/ASSIGNMENT``, wherever the configuration puts that."""
        directory = self.directory
        folder = getattr(directory, f"{name}_directory")
        return Path(directory.format_path(folder, student, assignment))

    def assignments(self, chosen: str | None = None) -> list[str]:
        """Released assignments by name. Raises UsageError when there are none, or not that one."""
        with self.gradebook() as gradebook:
            names = sorted(str(each.name) for each in gradebook.assignments if each.notebooks)
        if chosen and chosen not in names:
            there = f"There are: {', '.join(names)}." if names else "There is none yet."
            raise UsageError(f"No assignment {chosen!r} is released. {there}")
        if not names:
            raise UsageError("Nothing is released yet: ./lab nbgrader release")
        return [chosen] if chosen else names

    def sources(self, chosen: str | None = None) -> list[str]:
        """Assignments in source/. Raises UsageError when there are none, or not that one."""
        folder = self.step("source", ".", "x").parent
        names = sorted(path.parent.name for path in folder.glob("*/*.ipynb"))
        names = list(dict.fromkeys(names))
        if not names or (chosen and chosen not in names):
            what = f"no {chosen}" if chosen and names else "no notebooks"
            raise UsageError(f"There is {what} in {folder}: that is ASSIGNMENT/NOTEBOOK.ipynb.")
        return [chosen] if chosen else names


def find(folder: Path) -> Course:
    """The course in a folder. Raises UsageError where there is none or its settings are wrong."""
    root = folder.resolve()
    if not (root / CONFIG).is_file():
        raise UsageError(
            f"{folder} is no course folder. ./lab nbgrader init DIR makes one; "
            "the other commands run in it, or with --course DIR."
        )
    try:
        config = PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    except ConfigFileNotFound as error:
        raise UsageError(f"{root / CONFIG} can't be read: {error}") from error
    except Exception as error:  # the instructor's own file: whatever is wrong in it
        raise UsageError(f"{root / CONFIG}: {type(error).__name__}: {error}") from error
    pipeline = config.Autograde.get("autograde_preprocessors") or []
    if settings.SANDBOX not in pipeline:
        raise UsageError(
            f"{root / CONFIG} does not call grader.desk.settings.configure: nbgrader would "
            "run the students' code on this machine."
        )
    course = Course(root, config)
    _make_gradebook(course)
    return course


def _make_gradebook(course: Course) -> None:
    """A new gradebook; nbgrader calls alembic by name for that, which lies beside Python."""
    if (course.root / "gradebook.db").exists():
        return
    path = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), path])
    try:
        with course.gradebook():
            pass
    finally:
        os.environ["PATH"] = path


def create(folder: Path, course_id: str | None = None) -> tuple[Course, list[Path]]:
    """Make a course folder, or add to one what it lacks; returns it and the files written.

    What is there is never changed. Raises UsageError.
    """
    root = folder.resolve()
    name = course_id or root.name
    if not _ID.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be a course's id: letters, digits, dots, dashes. --course-id ID."
        )
    if root == project.ROOT or project.ROOT in root.parents:
        raise UsageError("Make the course outside of this repository: it will hold grades.")
    written = []
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not (root / CONFIG).exists():
            text = _TEMPLATE.format(kit=str(project.ROOT), course_id=name)
            (root / CONFIG).write_text(text)
            written.append(root / CONFIG)
        for notebook in sorted(project.NOTEBOOKS.glob("*.ipynb")):
            target = root / "source" / notebook.stem / notebook.name
            if notebook.stem not in WITHOUT_EXERCISES and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(notebook, target)
                written.append(target)
    except OSError as error:
        raise UsageError(f"{error.filename} can't be written: {error.strerror}.") from error
    return find(root), written


@contextmanager
def quiet() -> Iterator[None]:
    """nbgrader and nbformat warn of their own deprecations: nothing that a person could act on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
