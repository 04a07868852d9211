"""The recorded database of Python packages: what a scan reports, and what can't hide from it."""

from __future__ import annotations

import json

import pytest

from grader.exercise import catalog
from grader.probe.layers import Entry
from grader.scanner import advisories

SITE = "/opt/venv/lib/python3.11/site-packages"
ROWS = [
    {"id": "CVE-1", "package": "setuptools", "fixed": "70.0.0", "severity": "HIGH", "title": "a"},
    {"id": "CVE-2", "package": "setuptools", "fixed": "", "severity": "LOW", "title": "b"},
    {"id": "CVE-3", "package": "h11", "fixed": "0.16.0", "severity": "CRITICAL", "title": "c"},
]
DATABASE = advisories.read(json.dumps(ROWS).encode())


def files(*paths: str, layer: int = 5) -> dict[str, Entry]:
    return {path: Entry(path, "file", 0o644, 0, 0, 1, "", layer) for path in paths}


def reported(*paths: str, lowest: int = 5) -> list[str]:
    installed = advisories.packages(files(*paths), lowest)
    return [advisory.id for _, advisory in advisories.findings(installed, DATABASE)]


def test_a_version_before_the_fix_is_reported() -> None:
    """And so is what no version mends: whoever judges decides about that."""
    assert reported(f"{SITE}/setuptools-66.1.1.dist-info/METADATA") == ["CVE-1", "CVE-2"]


def test_the_fixed_version_is_not_reported() -> None:
    """The boundary belongs to the good."""
    assert reported(f"{SITE}/h11-0.16.0.dist-info/METADATA") == []


def test_the_worst_comes_first() -> None:
    """The message names one; it should be that."""
    found = reported(f"{SITE}/setuptools-66.1.1.dist-info/METADATA", f"{SITE}/h11-0.9.egg-info")
    assert found[0] == "CVE-3"


def test_what_the_base_brought_is_not_reported() -> None:
    """A learner can't choose what the lab's base holds."""
    assert reported(f"{SITE}/setuptools-66.1.1.dist-info/METADATA", lowest=6) == []


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ([f"{SITE}/setuptools/__init__.py"], ["setuptools"]),
        ([f"{SITE}/setuptools/__init__.py", f"{SITE}/setuptools-66.dist-info/METADATA"], []),
        ([f"{SITE}/pip/_vendor/setuptools/__init__.py"], []),
        (["/app/h11/__init__.py"], []),
    ],
    ids=["deleted", "there", "vendored", "own-code"],
)
def test_a_package_without_metadata_is_hidden(paths: list[str], names: list[str]) -> None:
    """Deleting what a scanner reads mends nothing."""
    installed = advisories.packages(files(*paths), 0)
    assert [package.name for package in advisories.hidden(installed, DATABASE)] == names


def test_a_version_that_is_none_is_no_fault() -> None:
    """A package of strangers may call itself anything."""
    assert reported(f"{SITE}/h11-what+ever.dist-info/METADATA") == []


def test_the_assessment_has_a_database_that_can_be_read() -> None:
    """It is given to the learner, and read at every grading."""
    given = catalog.find("production_service").given["advisories.json"]
    assert all(advisory.severity for advisory in advisories.read(given))
