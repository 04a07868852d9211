"""A scan of an image, judged: what is severe and mended counts, and what hides."""

from __future__ import annotations

import json

import pytest

from grader.judging import scan
from grader.judging.contents import Contents
from grader.probe.bench import Bench
from grader.probe.layers import Entry, Layers
from grader.verdict.report import Evidence

SITE = "/opt/venv/lib/python3.11/site-packages"
OLD, NEW = f"{SITE}/h11-0.15.0.dist-info/METADATA", f"{SITE}/h11-0.16.0.dist-info/METADATA"
ROW = {"id": "CVE-1", "package": "h11", "fixed": "0.16.0", "severity": "CRITICAL", "title": "a"}


def contents(*paths: str) -> Contents:
    files = {path: Entry(path, "file", 0o644, 0, 0, 1, "", 5) for path in paths}
    return Contents(Layers("sha256:0", "", 5, (), ()), files, {})


def database(**other: str) -> bytes:
    return json.dumps([{**ROW, **other}]).encode()


def test_nothing_is_found(bench: Bench, evidence: list[Evidence]) -> None:
    scan.assert_none_severe(contents(NEW), database(), bench)
    assert evidence[0].observed == "nothing in 1 packages"


@pytest.mark.parametrize("other", [{"severity": "MEDIUM"}, {"fixed": ""}])
def test_what_is_mild_or_not_mended_is_told_and_passes(
    other: dict[str, str], bench: Bench, evidence: list[Evidence]
) -> None:
    scan.assert_none_severe(contents(OLD), database(**other), bench)
    assert evidence[0].observed.startswith("CVE-1")


def test_what_is_severe_and_mended_is_named(bench: Bench) -> None:
    with pytest.raises(AssertionError, match=r"h11 0\.15\.0 .* has CVE-1 .*, fixed in 0\.16\.0"):
        scan.assert_none_severe(contents(OLD), database(), bench)


def test_package_without_metadata_hides(bench: Bench) -> None:
    with pytest.raises(AssertionError, match=r"h11 in .* has no metadata"):
        scan.assert_none_severe(contents(f"{SITE}/h11/__init__.py"), database(), bench)
