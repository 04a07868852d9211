"""The exercises of the course, discovered from the tree: nothing is registered anywhere."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from grader.exercise import checkspec, project
from grader.exercise.canary import Plan, plans
from grader.exercise.checkspec import CheckSpec
from grader.verdict.outcome import UsageError

MANIFEST = "exercise.toml"
SLIP, NEAR = 0.8, 0.5
"""How alike two names are (0 to 1) when one is a slip of the other, or at least near to it."""


@dataclass(frozen=True)
class Exercise:
    """One exercise: what its ``exercise.toml`` says and where its files lie."""

    id: str
    section: str
    title: str
    lesson: str
    answers: tuple[str, ...]
    minutes: int
    capabilities: tuple[str, ...]
    starter_fails: tuple[str, ...]
    """The checks that the untouched starter fails, and no others."""
    brief: str
    """What to do, in a few sentences of plain text."""
    reproduce: tuple[str, ...]
    """Commands that start what the evidence looks at, typed in the exercise's workspace."""
    sysctls: Mapping[str, str]
    """Kernel settings of the network that the service runs in, where they matter."""
    containers: bool
    """Whether containers are run for it; else its checks read the answers alone."""
    canaries: tuple[Plan, ...]
    """Values that are drawn anew for each grading."""
    folder: Path
    checks_path: Path
    solution: Path

    @cached_property
    def checks(self) -> tuple[CheckSpec, ...]:
        return checkspec.read(self.checks_path)

    @property
    def max_points(self) -> float:
        return sum(check.points for check in self.checks)

    @cached_property
    def given(self) -> Mapping[str, bytes]:
        """The files that come with the exercise and that no answer may replace."""
        return {
            name: path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
            if (name := path.relative_to(self.folder).as_posix()) != MANIFEST
            if name not in self.answers
        }

    @property
    def starter(self) -> Mapping[str, str]:
        """The unsolved answer files as they are handed out."""
        return {
            name: path.read_text(encoding="utf-8")
            for name in self.answers
            if (path := self.folder / name).is_file()
        }

    @property
    def solved(self) -> Mapping[str, str]:
        """The answer files of the solution."""
        return {name: (self.solution / name).read_text(encoding="utf-8") for name in self.answers}

    @property
    def workspace(self) -> Path:
        """Where the learner's own answers are kept."""
        return project.workspace() / self.id


def load(manifest: Path) -> Exercise:
    """Read one ``exercise.toml``. Raises KeyError, ValueError or OSError when it is not one."""
    data = tomllib.loads(manifest.read_text(encoding="utf-8"))
    folder = manifest.parent
    section, name = folder.parent.name, folder.name
    return Exercise(
        id=name,
        section=section,
        title=data["title"],
        lesson=data["lesson"],
        answers=tuple(data["answers"]),
        minutes=int(data["minutes"]),
        capabilities=tuple(data.get("capabilities", ())),
        starter_fails=tuple(data.get("starter_fails", ())),
        brief=" ".join(data.get("brief", "").split()),
        reproduce=tuple(data.get("reproduce", ())),
        sysctls=dict(data.get("sysctls", {})),
        containers=bool(data.get("containers", True)),
        canaries=plans(data.get("canaries", {})),
        folder=folder,
        checks_path=project.CHECKS / section / f"test_{name}.py",
        solution=project.SOLUTIONS / section / name,
    )


def discover(root: Path = project.EXERCISES) -> dict[str, Exercise]:
    """Every exercise under ``root`` by id, in the order of the sections and of their notebooks."""
    found = [load(path) for path in sorted(root.glob(f"*/*/{MANIFEST}"))]
    texts = {exercise.section: _notebook(exercise.section) for exercise in found}

    def place(exercise: Exercise) -> tuple[str, int]:
        text = texts[exercise.section]
        graded = text.find(f'grade("{exercise.id}")')
        return exercise.section, graded if graded >= 0 else len(text)

    return {exercise.id: exercise for exercise in sorted(found, key=place)}


def _notebook(section: str) -> str:
    """The source of a section's notebook; empty where there is none."""
    path = project.NOTEBOOKS / "source" / f"{section}.md"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def find(name: str, root: Path = project.EXERCISES) -> Exercise:
    """The exercise called ``name`` (or ``section/name``). Raises UsageError with near names."""
    exercises = discover(root)
    short = name.rstrip("/").rpartition("/")[2]
    if short in exercises:
        return exercises[short]
    near = difflib.get_close_matches(short, exercises, cutoff=SLIP) or difflib.get_close_matches(
        short, exercises, cutoff=NEAR
    )
    advice = f"did you mean {' or '.join(near)}?" if near else "./lab list shows all exercises."
    raise UsageError(f"There is no exercise called {name!r}; {advice}")
