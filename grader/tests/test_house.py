"""The house: every room is named, imports run downwards, and nobody reaches past a room's door."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.exercise import project

GRADER = project.ROOT / "grader"
NOT_ROOMS = {"checks", "tests"}
MOST_LOOSE = 5
LONGEST = 250
"""Lines of a module."""


def _modules() -> Iterator[Path]:
    for path in sorted(GRADER.rglob("*.py")):
        if "tests" not in path.relative_to(GRADER).parts:
            yield path


def _layers() -> list[str]:
    settings = tomllib.loads((project.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    return [room.strip() for layer in contract["layers"] for room in layer.split("|")]


def _linted(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=root,
        env={"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_contract_names_every_room() -> None:
    rooms = {path.parent.name for path in GRADER.glob("*/__init__.py")}
    assert rooms <= set(_layers())


def test_import_upwards_is_found(tmp_path: Path) -> None:
    """The contract holds as it stands, and doesn't once a room reaches up."""
    ignored = shutil.ignore_patterns("variants", "__pycache__", "node_modules")
    shutil.copytree(GRADER, tmp_path / "grader", ignore=ignored)
    shutil.copy(project.ROOT / "pyproject.toml", tmp_path)
    assert _linted(tmp_path).returncode == 0
    with (tmp_path / "grader" / "verdict" / "text.py").open("a") as module:
        module.write("\nfrom grader.engine import bases\n")
    broken = _linted(tmp_path)
    assert broken.returncode == 1
    assert "grader.verdict.text -> grader.engine.bases" in broken.stdout


def test_no_circle_of_imports() -> None:
    """Neither between rooms nor inside of one, ``TYPE_CHECKING`` and functions included."""
    import grimp

    graph = grimp.build_graph("grader", include_external_packages=False, cache_dir=None)
    above: dict[str, set[str]] = {
        module: graph.find_modules_directly_imported_by(module) for module in graph.modules
    }
    while free := [module for module, imported in above.items() if not imported & above.keys()]:
        for module in free:
            del above[module]
    assert not above


def test_few_modules_lie_loose() -> None:
    assert len(list(GRADER.glob("*.py"))) <= MOST_LOOSE


def test_modules_are_short() -> None:
    """Somebody reads one in a sitting; what is longer holds more than one noun."""
    long = {
        path.relative_to(GRADER).as_posix(): lines
        for path in _modules()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert not long


@pytest.mark.parametrize("room", sorted(path.parent.name for path in GRADER.glob("*/__init__.py")))
def test_room_says_what_it_is_for(room: str) -> None:
    """In its first paragraph; and it names what the rooms above may use, unless nobody is above."""
    if room in NOT_ROOMS:
        return
    source = ast.parse((GRADER / room / "__init__.py").read_text(encoding="utf-8"))
    assert len((ast.get_docstring(source) or "").split()) > 10
    assert room == "cli" or _exported(room)


def _exported(room: str) -> set[str]:
    """The names in a room's ``__all__``."""
    source = ast.parse((GRADER / room / "__init__.py").read_text(encoding="utf-8"))
    return {
        name
        for statement in source.body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__"
        for name in ast.literal_eval(statement.value)
    }


def _imported(path: Path) -> Iterator[tuple[str, list[str]]]:
    """(room, names from the room's door inwards) of each import of the project in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("grader."):
            _, room, *inner = str(node.module).split(".")
            for alias in node.names:
                yield room, [*inner, alias.name]


def test_rooms_are_entered_by_their_doors() -> None:
    """Outside of a room only what its ``__all__`` names is imported, and nothing that begins with
    an underscore. A room's tests may look at all of it."""
    doors = {room: _exported(room) for room in set(_layers()) - {"__main__", "tests", "cli"}}
    wrong = [
        f"{path.relative_to(GRADER)}: {room}.{'.'.join(names)}"
        for path in _modules()
        for room, names in _imported(path)
        if room in doors and room != path.relative_to(GRADER).parts[0]
        if names[0] not in doors[room] or any(name.startswith("_") for name in names)
    ]
    assert not wrong


def test_checks_are_written_with_judging_and_below() -> None:
    """A check knows what judges and what looks; never who runs it or who shows it."""
    layers = _layers()
    above = set(layers[: layers.index("judging")])
    wrong = [
        f"{path.name}: {room}"
        for path in sorted((GRADER / "checks").rglob("*.py"))
        for room, _ in _imported(path)
        if room in above
    ]
    assert not wrong
