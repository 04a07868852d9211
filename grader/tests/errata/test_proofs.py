"""Each erratum of the lesson has a proof, and what is named as one exists and says so.

The proofs themselves run elsewhere: variants and starters in test_exercises.py, cells in notebooks.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.author import variant
from grader.exercise import catalog, project

ERRATA = range(1, 19)
PROOFS = tomllib.loads(Path(__file__).with_name("proofs.toml").read_text(encoding="utf-8"))
ENTRIES: Mapping[str, Mapping[str, Any]] = PROOFS["errata"]


def test_every_erratum_is_proven_or_listed_as_unproven() -> None:
    """A claim about somebody's text needs a proof; a gap is said, not forgotten."""
    assert sorted([*map(int, ENTRIES), *PROOFS["unproven"]]) == list(ERRATA)


@pytest.mark.parametrize("number", ENTRIES)
def test_proof_exists(number: str) -> None:
    entry = dict(ENTRIES[number])
    assert entry.pop("claim")
    assert entry, "nothing proves it"
    proofs = {"variants": _variant, "starters": _starter, "tests": _test}
    for notebook, line in entry.pop("cells", {}).items():
        _cell(notebook, line)
    for kind, names in entry.items():
        for name in names:
            proofs[kind](name)


def _variant(name: str) -> None:
    exercise, _, wanted = name.partition("/")
    found = [each for each in variant.of(catalog.find(exercise)) if each.name == wanted]
    assert found, f"there is no variant {name}"
    assert found[0].fails, f"{name} is a right answer"


def _starter(name: str) -> None:
    assert catalog.find(name).starter_fails, f"the starter of {name} is right"


def _test(name: str) -> None:
    place, _, function = name.partition("::")
    assert f"def {function}(" in (project.ROOT / "grader" / "tests" / place).read_text()


def _cell(notebook: str, line: str) -> None:
    text = (project.NOTEBOOKS / "source" / f"{notebook}.md").read_text(encoding="utf-8")
    code = text.split("```")[1::2]
    assert any(line in cell for cell in code), f"no code cell of {notebook} has {line!r}"
