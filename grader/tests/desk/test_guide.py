"""The instructor's guide does what it says: its shell blocks, run as they stand."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from grader.answer.submission import MAGIC, answered_in, split_magic
from grader.exercise import catalog, project
from grader.tests.desk.classroom import source

pytestmark = [pytest.mark.slow]
GUIDE = project.ROOT / "docs" / "instructors.md"
NOTEBOOK = "03_restart_policies"
MOST = sum(
    catalog.find(exercise).max_points
    for exercise in answered_in(project.NOTEBOOKS / f"{NOTEBOOK}.ipynb")
)
GRADED = (0, 1)
"""A block may end with 1: somebody's checks failed."""


def blocks() -> list[str]:
    return re.findall(r"^```bash\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)


def hand_in(folder: Path, student: str, *, solved: bool) -> None:
    """The course's own notebook, as it is or with all its exercises solved."""
    notebook = json.loads((project.NOTEBOOKS / f"{NOTEBOOK}.ipynb").read_text())
    for cell in notebook["cells"]:
        magic = split_magic(source(cell))
        if magic and solved:
            exercise, name, _ = magic
            cell["source"] = f"{MAGIC} {exercise} {name}\n{catalog.find(exercise).solved[name]}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{student}_{NOTEBOOK}.ipynb").write_text(json.dumps(notebook))


def test_guide_leads_from_an_empty_folder_to_published_feedback(tmp_path: Path) -> None:
    """Only the home directory is another one."""
    hand_in(tmp_path / "Downloads" / "week1", "ada", solved=True)
    hand_in(tmp_path / "Downloads" / "week1", "bob", solved=False)
    (tmp_path / "Downloads" / "week1" / "eve_x.ipynb").write_text("{")
    script = "\n".join(blocks()).replace("~/", f"{tmp_path}/")
    stop = "trap 'code=$?; [ $code -le 2 ] || exit $code' ERR\n"
    done = subprocess.run(
        ["bash", "-c", stop + script],
        cwd=project.ROOT,
        env={**os.environ, "DRYDOCK_STATE": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in GRADED, done.stdout + done.stderr
    assert "eve eve_x.ipynb" in done.stdout.replace(": ", " ")
    assert "Usage" not in done.stderr
    assert scores(tmp_path / "grades.csv") == {"ada": str(MOST), "bob": "0.0"}
    for student in ("ada", "bob"):
        page = tmp_path / "ml-course" / "feedback" / student / NOTEBOOK / f"{NOTEBOOK}.html"
        assert page.read_text().count('class="drydock-card"') == 2
    assert "Lovelace, Ada" in (tmp_path / "canvas.csv").read_text()
    assert "ada@example.org" in (tmp_path / "moodle.csv").read_text()
    assert "names_an_owner" in (tmp_path / "with-own-checks.csv").read_text()


def scores(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["student_id"]: row["score"] for row in csv.DictReader(file)}
