"""A bundle is made by one person and loaded by many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.engine import bases
from grader.setup import images
from grader.setup.step import SetupError
from grader.tests.engine.somebody import as_somebody, opened


@pytest.fixture
def bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The smallest of the lab's images, saved as all of them are."""
    monkeypatch.setattr(images, "all_tags", lambda: [bases.DISTROLESS])
    path = tmp_path / "lab.tar"
    before = os.umask(0o022)
    try:
        images.save(path)
    finally:
        os.umask(before)
    return path


def test_others_can_read_it(bundle: Path) -> None:
    """``docker save`` makes a file for its user alone."""
    assert oct(bundle.stat().st_mode & 0o777) == oct(0o644)


def test_who_cannot_read_it_is_told_so(bundle: Path) -> None:
    """They heard that it is no bundle."""
    opened(bundle)
    bundle.chmod(0)

    def load() -> str:
        with pytest.raises(SetupError) as problem:
            images.load(bundle)
        return str(problem.value)

    assert as_somebody(load) == (
        f"{bundle} can't be read by this user: its owner, {bundle.owner()}, can type "
        f"chmod a+r {bundle}"
    )
