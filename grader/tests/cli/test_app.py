"""One file a command, and nobody waits for the files of the others."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from grader.cli import app
from grader.exercise import project

CLI = project.ROOT / "grader" / "cli"
HEAVY = ("docker", "pytest", "nbgrader", "IPython", "sqlite3", "grader.store", "grader.grading")


def imported(statement: str) -> set[str]:
    """The modules there are in a new process after a statement."""
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_every_command_has_a_module_of_its_own() -> None:
    """And whatever has a function called ``command`` is a command."""
    found = {
        ".".join(path.relative_to(CLI).with_suffix("").parts)
        for path in CLI.rglob("*.py")
        if "\ndef command(" in path.read_text(encoding="utf-8")
    }
    of_groups = {name for name in found if name.partition(".")[0] in app.GROUPS.values()}
    assert found - of_groups == set(app.COMMANDS.values())
    assert of_groups
    for module in found:
        assert import_module(f"grader.cli.{module}").command.__doc__


@pytest.mark.parametrize("name", ["list", "nbgrader"])
def test_only_the_command_that_is_called_is_imported(name: str) -> None:
    modules = imported(f"from grader.cli import app; app.of({name!r})")
    known = {**app.COMMANDS, **app.GROUPS}
    of_commands = {f"grader.cli.{module}" for module in known.values()}
    assert of_commands & modules == {f"grader.cli.{known[name]}"}


def test_help_knows_all_and_imports_little() -> None:
    modules = imported("from grader.cli import app; app.of('--help')")
    known = {**app.COMMANDS, **app.GROUPS}.values()
    assert {f"grader.cli.{module}" for module in known} <= modules
    assert set(HEAVY) & modules == set()
