"""A small course of one exercise, and students who hand in its notebook in every state."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grader.answer.submission import MAGIC, split_magic
from grader.desk import folder as courses
from grader.desk.folder import Course
from grader.exercise import catalog
from grader.notebook import expand

EXERCISE = catalog.find("nonroot_user")
ASSIGNMENT = "small"
SOURCE = f"""# Small

Read this first.

```python
%load_ext grader
```

Then write.

```python
{MAGIC} {EXERCISE.id} Dockerfile
```

```python
grade("{EXERCISE.id}")
```
"""
Notebook = dict[str, Any]
WRONG = EXERCISE.solved["Dockerfile"].replace("USER 10001:10001", "USER 10001:0")
"""In root's group: some checks pass."""


def course_of(root: Path) -> Course:
    """A course folder whose only assignment is the small notebook, not yet released."""
    course, _ = courses.create(root / "course", "small-course")
    shutil.rmtree(root / "course" / "source")
    text = root / f"{ASSIGNMENT}.md"
    text.write_text(SOURCE)
    place = root / "course" / "source" / ASSIGNMENT
    place.mkdir(parents=True)
    (place / f"{ASSIGNMENT}.ipynb").write_text(expand.expand(text))
    (place / "data.txt").write_text("the instructor's")
    return course


def released(course: Course) -> Notebook:
    """The notebook that students get."""
    path = course.step("release", ".", ASSIGNMENT) / f"{ASSIGNMENT}.ipynb"
    notebook: Notebook = json.loads(path.read_text())
    return notebook


def answered(notebook: Notebook, dockerfile: str) -> Notebook:
    """The notebook with a learner's answer in it."""
    for cell in notebook["cells"]:
        if split_magic(source(cell)):
            cell["source"] = f"{MAGIC} {EXERCISE.id} Dockerfile\n{dockerfile}"
    return notebook


def source(cell: Notebook) -> str:
    return "".join(cell["source"])


def cell(notebook: Notebook, id: str) -> Notebook:
    return next(each for each in notebook["cells"] if each["id"] == id)


def code(text: str, outputs: list[Notebook] | None = None) -> Notebook:
    """A code cell of a student's own."""
    return {
        "cell_type": "code",
        "id": f"mine-{abs(hash(text)) % 10**8}",
        "metadata": {},
        "source": text,
        "outputs": outputs or [],
        "execution_count": 1,
    }


def hand_in(folder: Path, student: str, content: Notebook | str, name: str = "small") -> Path:
    path = folder / student / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


Student = Callable[[Notebook, Path], Notebook | str]
"""Makes what a student hands in of the released notebook; the path is a canary on the host."""


def ada(notebook: Notebook, _: Path) -> Notebook:
    """Right, with HTML, a warning on stderr and a large output of her own."""
    stderr = {"output_type": "stream", "name": "stderr", "text": ["a warning\n"]}
    large = {"output_type": "stream", "name": "stdout", "text": ["x" * 5_000_000]}
    answered(notebook, EXERCISE.solved["Dockerfile"])
    html = {
        "cell_type": "markdown",
        "id": "html",
        "metadata": {},
        "source": "<script>mine</script>",
    }
    raw = {"cell_type": "raw", "id": "raw", "metadata": {}, "source": "<script>mine</script>"}
    notebook["cells"] += [code("import warnings", [stderr, large]), html, raw]
    cell(notebook, f"grade-{EXERCISE.id}")["outputs"] = [stderr]
    return notebook


def bob(notebook: Notebook, _: Path) -> Notebook:
    """As released: nothing done."""
    return notebook


def dan(notebook: Notebook, _: Path) -> Notebook:
    """Right; a tool has dropped all metadata of his cells."""
    for each in answered(notebook, EXERCISE.solved["Dockerfile"])["cells"]:
        each["metadata"] = {}
    return notebook


def eve(notebook: Notebook, canary: Path) -> Notebook:
    """Wrong, and everything that a dishonest notebook may try."""
    answered(notebook, WRONG)
    touch = f"import os\nos.system('touch {canary}')"
    hook = f"get_ipython().events.register('pre_run_cell', lambda i: open({str(canary)!r}, 'w'))"
    notebook["cells"][:0] = [code(touch), code(hook)]
    grade = cell(notebook, f"grade-{EXERCISE.id}")
    grade["source"] = f"{touch}\n1000.0"
    grade["metadata"]["nbgrader"] |= {"points": 1000, "locked": False, "schema_version": "x"}
    full = {"output_type": "execute_result", "data": {"text/plain": "True"}, "metadata": {}}
    grade["outputs"] = [full | {"execution_count": 1}]
    forged = code("1000.0")
    forged["metadata"]["nbgrader"] = dict(grade["metadata"]["nbgrader"], grade_id="mine")
    notebook["cells"].append(forged)
    notebook["metadata"]["kernelspec"] = {"name": "evil", "display_name": "<script>mine</script>"}
    return notebook


def fay(notebook: Notebook, _: Path) -> Notebook:
    """Right; she deleted the grade cell and the texts."""
    answered(notebook, EXERCISE.solved["Dockerfile"])
    notebook["cells"] = [each for each in notebook["cells"] if split_magic(source(each))]
    return notebook


def kim(notebook: Notebook, _: Path) -> Notebook:
    """Right; neither metadata nor cell ids are left, only the answer's first line."""
    for each in dan(notebook, _)["cells"]:
        del each["id"]
    return notebook | {"nbformat_minor": 4}


def gus(_: Notebook, __: Path) -> str:
    """No JSON: a download that was cut off."""
    return '{"cells": ['


def hal(notebook: Notebook, _: Path) -> Notebook:
    """A notebook of some future format."""
    return notebook | {"nbformat": 99}


def ned(notebook: Notebook, _: Path) -> Notebook:
    """JSON, but cells that are no cells."""
    return notebook | {"cells": [1, None, {"cell_type": "code"}]}


STUDENTS: tuple[Student, ...] = (ada, bob, dan, eve, fay, kim, gus, hal, ned)
