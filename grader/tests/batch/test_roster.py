"""Everybody's answers are found, whatever the layout; trouble of one disturbs no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch import private, roster
from grader.exercise import catalog
from grader.tests.batch.classroom import hand_in, notebook
from grader.verdict.outcome import UsageError

EXERCISES = catalog.discover()
ROOTLESS = EXERCISES["nonroot_user"]
SIGNALS = EXERCISES["signal_delivery"]
BOTH = notebook({ROOTLESS.id: ROOTLESS.solved, SIGNALS.id: SIGNALS.solved})


def found(path: Path) -> list[tuple[str, str]]:
    entries = roster.read(path, EXERCISES)
    return [(entry.student, entry.exercise) for entry in entries if entry.submission]


def problems(path: Path) -> list[str]:
    return [entry.problem for entry in roster.read(path, EXERCISES) if not entry.submission]


def test_folders_of_files(tmp_path: Path) -> None:
    hand_in(tmp_path, "ada", SIGNALS, SIGNALS.solved)
    hand_in(tmp_path, "ada", ROOTLESS, ROOTLESS.solved)
    assert found(tmp_path) == [("ada", ROOTLESS.id), ("ada", SIGNALS.id)]


@pytest.mark.parametrize(
    "place", ["ada/any_name.ipynb", "ada/week1/any.ipynb", "submitted/ada/week1/x.ipynb"]
)
def test_notebooks_by_what_they_answer(tmp_path: Path, place: str) -> None:
    """A renamed notebook is found, since its cells say what they are."""
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text(BOTH)
    assert found(tmp_path) == [("ada", ROOTLESS.id), ("ada", SIGNALS.id)]


def test_nothing_at_all_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="STUDENT/EXERCISE/files"):
        roster.read(tmp_path, EXERCISES)
    with pytest.raises(UsageError, match="is no folder"):
        roster.read(tmp_path / "nowhere", EXERCISES)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not a notebook"),
        ("[" * 100_000, "is not a notebook"),
        (notebook({}), "has no answer cells"),
        (notebook({"no_such": {"x": "y"}}), "no exercise called 'no_such'"),
    ],
    ids=["cut-off", "nested", "empty", "unknown"],
)
def test_broken_notebook_is_its_owners_problem_only(
    tmp_path: Path, content: str, said: str
) -> None:
    hand_in(tmp_path, "ada", ROOTLESS, ROOTLESS.solved)
    (tmp_path / "bob").mkdir()
    (tmp_path / "bob" / "x.ipynb").write_text(content)
    assert found(tmp_path) == [("ada", ROOTLESS.id)]
    [problem] = problems(tmp_path)
    assert said in problem


def test_links_are_not_followed(tmp_path: Path) -> None:
    """A link could make the grader read what its owner may and the student may not."""
    secret = tmp_path / "secret.ipynb"
    secret.write_text(BOTH)
    handed = tmp_path / "class"
    (handed / "eve").mkdir(parents=True)
    (handed / "eve" / "x.ipynb").symlink_to(secret)
    (handed / "mallory").symlink_to(tmp_path)
    assert found(handed) == []
    assert problems(handed) == ["x.ipynb is no plain file."]


def test_of_two_notebooks_the_released_name_counts(tmp_path: Path) -> None:
    other = notebook({ROOTLESS.id: ROOTLESS.starter})
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "01_copy.ipynb").write_text(other)
    (tmp_path / "ada" / "01_security.ipynb").write_text(BOTH)
    entries = roster.read(tmp_path, EXERCISES)
    counted = [entry.source.name for entry in entries if entry.submission]
    assert counted == ["01_security.ipynb", "01_security.ipynb"]
    assert problems(tmp_path) == ["nonroot_user is answered in 01_security.ipynb, which counts."]


def test_private_checks_are_read_by_name(tmp_path: Path) -> None:
    path = tmp_path / "01_security" / "test_nonroot_user.py"
    path.parent.mkdir()
    path.write_text('def test_more(image):\n    """More."""\n')
    assert list(private.read(tmp_path, EXERCISES)) == ["nonroot_user"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("test_no_such.py", "", "names no exercise"),
        ("test_nonroot_user.py", "def test_builds():\n    'Builds.'\n", "called builds already"),
        ("test_nonroot_user.py", "def test_x(:\n", "can't be read as checks"),
        ("notes.py", "", "holds no checks"),
    ],
)
def test_private_checks_that_can_not_be_used_are_refused(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=said):
        private.read(tmp_path, EXERCISES)
