"""The public API: its names, and what importing it costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import grader
from grader.exercise import project

NAMES = {
    "Report",
    "Status",
    "grade",
    "hint",
    "load_ipython_extension",
    "progress",
    "quiz",
    "reset",
    "solution",
}


def test_exported_names() -> None:
    """Notebooks, courses and scripts rely on these: a change is a decision."""
    assert set(grader.__all__) == NAMES
    assert set(dir(grader)) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_exported_name_is_there(name: str) -> None:
    assert callable(getattr(grader, name))


def test_no_module_hides_an_exported_name() -> None:
    """Importing grader.NAME would put the module in the function's place."""
    package = Path(grader.__file__).parent
    assert not {path.stem for path in package.iterdir()} & NAMES


def test_unknown_name_raises_attribute_error() -> None:
    with pytest.raises(AttributeError, match="grades"):
        grader.grades  # type: ignore[attr-defined]  # noqa: B018


def test_import_loads_nothing_of_the_project() -> None:
    """The command line starts with this import: it may cost next to nothing."""
    code = (
        "import sys; before = set(sys.modules); import grader; "
        "print(sorted(m for m in set(sys.modules) - before if m not in ('grader', '__future__')))"
    )
    loaded = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(project.ROOT)!r}); {code}",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert loaded.strip() == "[]"
