"""Expands ``notebooks/source/*.md`` (Jupytext Markdown) into the notebooks that learners open.

Authors write text and code; two kinds of code cells are recognised by what they hold, so that
nothing has to be said twice:

- ``%%answer EXERCISE FILE`` alone is an answer cell: it is filled with the starter and gets
  nbgrader's solution metadata;
- ``grade("EXERCISE")`` alone is a grade cell: locked, worth the exercise's points.

The result depends on the sources and the exercises only: cell ids are derived from the text,
outputs are empty, so expanding twice gives the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from grader.answer.submission import MAGIC
from grader.exercise import catalog, project
from grader.verdict.outcome import UsageError

SOURCES = project.NOTEBOOKS / "source"
_GRADE = re.compile(r'grade\("([^"]+)"\)')


def expand_all() -> list[Path]:
    """Write every notebook; return their paths. Raises UsageError for a source that is wrong."""
    written = []
    for source in sorted(SOURCES.glob("*.md")):
        target = project.NOTEBOOKS / f"{source.stem}.ipynb"
        target.write_text(expand(source), encoding="utf-8")
        written.append(target)
    return written


def expand(source: Path) -> str:
    """The notebook of one source as JSON text. Raises UsageError, naming the source."""
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="md")
    seen: Counter[str] = Counter()
    try:
        cells = [_cell(cell, source.stem, seen) for cell in notebook.cells]
    except (UsageError, KeyError, OSError) as error:
        raise UsageError(f"{source.name}: {error}") from error
    twice = [id for id, count in Counter(cell["id"] for cell in cells).items() if count > 1]
    if twice:
        raise UsageError(f"{source.name}: {', '.join(twice)} occurs twice.")
    made = nbformat.v4.new_notebook(
        cells=cells,
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )
    nbformat.validate(made)
    return str(nbformat.writes(made)) + "\n"


def _cell(cell: Any, notebook: str, seen: Counter[str]) -> Any:
    text = cell.source
    if cell.cell_type == "markdown":
        id = _id(notebook, text, seen)
        return _markdown(text, id)
    words = text.split()
    if words[:1] == [MAGIC]:
        if len(words) != 3 or "\n" in text.strip():
            raise UsageError(f"an answer cell in a source is just: {MAGIC} EXERCISE FILE")
        return _answer(words[1], words[2])
    grade = _GRADE.fullmatch(text.strip())
    if grade:
        return _grade(grade[1], text)
    return nbformat.v4.new_code_cell(text, id=_id(notebook, text, seen))


def _markdown(text: str, id: str) -> Any:
    metadata = {"editable": False, "nbgrader": _nbgrader(f"text-{id}", locked=True)}
    return nbformat.v4.new_markdown_cell(text, id=id, metadata=metadata)


def _answer(exercise_name: str, file: str) -> Any:
    exercise = catalog.find(exercise_name)
    if file not in exercise.answers:
        raise UsageError(f"{exercise.id} has no answer file {file!r}")
    id = _slug(f"answer-{exercise.id}-{file}")
    starter = exercise.starter.get(file, "")
    return nbformat.v4.new_code_cell(
        f"{MAGIC} {exercise.id} {file}\n{starter}".rstrip("\n"),
        id=id,
        metadata={"deletable": False, "nbgrader": _nbgrader(id, solution=True)},
    )


def _grade(exercise_name: str, text: str) -> Any:
    exercise = catalog.find(exercise_name)
    id = _slug(f"grade-{exercise.id}")
    nbgrader = _nbgrader(id, grade=True, locked=True) | {"points": exercise.max_points}
    metadata = {"deletable": False, "editable": False, "nbgrader": nbgrader}
    return nbformat.v4.new_code_cell(text, id=id, metadata=metadata)


def _nbgrader(
    grade_id: str, *, grade: bool = False, solution: bool = False, locked: bool = False
) -> dict[str, Any]:
    return {
        "grade": grade,
        "grade_id": grade_id,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }


def _id(notebook: str, text: str, seen: Counter[str]) -> str:
    seen[text] += 1
    return hashlib.sha256(f"{notebook}\0{text}\0{seen[text]}".encode()).hexdigest()[:12]


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text)[:64]
