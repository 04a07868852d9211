"""The same notebooks through nbgrader's own autograde and through ``./lab nbgrader autograde``.

    .venv/bin/python benchmarks/stock_autograde.py [--students N]

Every student hands in one notebook with the six core exercises, solved. nbgrader's own pipeline
runs each notebook on this machine, one after the other, and its grade() cells do the work; ours
reads the answers as data and grades the class side by side. Printed are seconds for the class, the
ratio, and whether the gradebooks agree.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from check_latency import CORE  # noqa: E402

from grader.answer.submission import MAGIC, split_magic  # noqa: E402
from grader.desk import folder as courses  # noqa: E402
from grader.desk.folder import CONFIG, Course  # noqa: E402
from grader.exercise import catalog  # noqa: E402
from grader.notebook import expand  # noqa: E402

ASSIGNMENT = "core"
STOCK = """\
c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "stock"
c.CourseDirectory.root = {root!r}
c.ExecutePreprocessor.timeout = 600
"""


def source() -> str:
    """The assignment as authors write it: for each exercise its files, then its grade."""
    cells = ["%load_ext grader"]
    for name in CORE:
        cells += [f"{MAGIC} {name} {file}" for file in catalog.find(name).solved]
        cells.append(f'grade("{name}")')
    return "# Core\n\n" + "\n".join(f"```python\n{cell}\n```\n" for cell in cells)


def make(home: Path, students: int) -> Course:
    """A course with the assignment released and handed in by everybody, not yet graded."""
    course, _ = courses.create(home / "course", "stock")
    shutil.rmtree(course.root / "source")
    text = home / f"{ASSIGNMENT}.md"
    text.write_text(source())
    place = course.root / "source" / ASSIGNMENT
    place.mkdir(parents=True)
    (place / f"{ASSIGNMENT}.ipynb").write_text(expand.expand(text))
    lab(home, "release", "--course", str(course.root))
    released = course.step("release", ".", ASSIGNMENT) / f"{ASSIGNMENT}.ipynb"
    for student in range(students):
        notebook = json.loads(released.read_text())
        for cell in notebook["cells"]:
            answer = split_magic("".join(cell["source"]))
            if answer:
                exercise, file, _ = answer
                solved = catalog.find(exercise).solved[file]
                cell["source"] = f"{MAGIC} {exercise} {file}\n{solved}" + "\n" * student
        path = home / "handed" / f"student{student}" / f"{ASSIGNMENT}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook))
    lab(home, "collect", str(home / "handed"), "--course", str(course.root))
    return course


def lab(home: Path, *arguments: str) -> None:
    run([str(ROOT / "lab"), "nbgrader", *arguments], home)


def run(command: list[str], home: Path, cwd: Path | None = None) -> float:
    """Seconds that a command took. Raises RuntimeError when it failed."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    places = {name: str(home / name) for name in ("DRYDOCK_STATE", "DRYDOCK_WORKSPACE")}
    environment = {**os.environ, **places, "PYTHONPATH": str(ROOT), "PATH": path}
    begun = time.monotonic()
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-800:]}{done.stderr[-800:]}")
    return time.monotonic() - begun


def grades(course: Course) -> dict[str, Any]:
    with course.gradebook() as gradebook:
        found = gradebook.assignment_submissions(ASSIGNMENT)
        return {each.student.id: (each.score, each.max_score) for each in found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ours, stock = Path(folder) / "ours", Path(folder) / "stock"
        for home in (ours, stock):
            home.mkdir()
        course, other = make(ours, options.students), make(stock, options.students)
        (other.root / CONFIG).write_text(STOCK.format(root=str(other.root)))
        quick = run(
            [str(ROOT / "lab"), "nbgrader", "autograde", "--course", str(course.root)], ours
        )
        print(
            f"./lab nbgrader autograde: {options.students} notebooks in {quick:.1f} s", flush=True
        )
        command = [sys.executable, "-m", "nbgrader", "autograde", ASSIGNMENT]
        slow = run(command, stock, other.root)
        print(f"nbgrader's own : {options.students} notebooks in {slow:.1f} s")
        print(f"nbgrader's own : ours = {slow / quick:.2f}")
        print(f"gradebooks agree: {grades(course) == grades(other)} {grades(course)}")


if __name__ == "__main__":
    main()
