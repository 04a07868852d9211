"""What a stranger reads about the house agrees with the house: table, picture and paths."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from grader.exercise import project

PAGES = [
    *(project.ROOT / name for name in ("CONTRIBUTING.md", "README.md", "SECURITY.md")),
    *sorted((project.ROOT / "docs").rglob("*.md")),
    *sorted((project.ROOT / "docker").rglob("*.md")),
]
CONTRIBUTING = PAGES[0].read_text(encoding="utf-8")
PLACED = ("exercise", "check", "probe", "command", "stand-in", "face")
BESIDE_THE_ROOMS = {"tests", "__main__"}
BESIDE_THE_TESTS = {"checks", "variants", "classroom", "errata", "environments"}
"""Exercises with their answers, ``docker/classroom``, the lesson's errata, other machines."""


def rooms() -> list[str]:
    """From the contract's top; the checks, which are no package, stand above what they call."""
    settings = tomllib.loads((project.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    found = [room.strip() for layer in contract["layers"] for room in layer.split("|")]
    found.insert(found.index("judging"), "checks")
    return [room for room in found if room not in BESIDE_THE_ROOMS]


def places(text: str) -> set[str]:
    """The paths under ``grader/`` that a text names; of one with a part to fill in, its folder."""
    found = re.findall(r"(?<![\w/.])(grader/[\w./-]*)(<?)", text)
    return {path.rpartition("/")[0] if open_ else path.rstrip("./") for path, open_ in found}


def missing(text: str) -> list[str]:
    return sorted(place for place in places(text) if not (project.ROOT / place).exists())


def test_table_has_every_room_in_order() -> None:
    assert re.findall(r"^\| `(\w+)/` \|", CONTRIBUTING, re.M) == rooms()


def test_picture_has_every_room() -> None:
    """And arrows only between what is drawn."""
    (picture,) = re.findall(r"```mermaid\n(.*?)```", CONTRIBUTING, re.S)
    nodes = re.findall(r"^ *(\w+)\[\"", picture, re.M)
    assert sorted(nodes) == sorted(rooms())
    drawn = set(re.findall(r"^ *(?:subgraph )?(\w+) ?[\[(]", picture, re.M))
    arrows = re.findall(r"^ *(\w+) (?:<?==>?|~~~) (?:.*> )?(\w+)$", picture, re.M)
    assert len(arrows) == len(re.findall(r"==>|~~~", picture)) >= 8
    assert {name for arrow in arrows for name in arrow} <= drawn


@pytest.mark.parametrize("thing", PLACED)
def test_says_where_to_put(thing: str) -> None:
    assert re.search(rf"^\| \*\*an? {thing}\*\*.*`grader/", CONTRIBUTING, re.M)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(project.ROOT)))
def test_what_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert missing(text) == []
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []


IMPORTS = [
    *sorted((project.ROOT / "notebooks" / "source").glob("*.md")),
    *sorted((project.ROOT / "grader" / "author" / "template").rglob("*.txt")),
]


@pytest.mark.parametrize("text", IMPORTS, ids=lambda text: text.name)
def test_what_a_text_imports_exists(text: Path) -> None:
    """Where neither ruff nor mypy looks: notebooks' sources, and the template of an exercise."""
    found = re.findall(
        r"^ *from (grader[\w.]*) import ([\w, ]+?)(?: as \w+)?$", text.read_text("utf-8"), re.M
    )
    wrong = [
        f"{module}.{name}"
        for module, names in found
        for name in re.split(r", *", names.strip())
        if not _is_there(module, name)
    ]
    assert found or text.parent.name == "source"
    assert wrong == []


def _is_there(module: str, name: str) -> bool:
    try:
        return hasattr(import_module(module), name) or bool(find_spec(f"{module}.{name}"))
    except ModuleNotFoundError:
        return False


def test_what_moved_away_is_missed() -> None:
    assert missing("see `grader/container/`, grader/checks/<section>/test_<id>.py.") == [
        "grader/container"
    ]
    assert not _is_there("grader.container", "Container")


def test_tests_have_the_same_rooms() -> None:
    folders = {path.parent.name for path in (project.ROOT / "grader/tests").glob("*/__init__.py")}
    assert folders - BESIDE_THE_TESTS == set(rooms()) - BESIDE_THE_TESTS
