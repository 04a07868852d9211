"""A bundle is made by one person and loaded by many."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.engine import bases
from grader.setup import bundle
from grader.setup.step import SetupError
from grader.tests.engine.somebody import as_somebody, opened


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """The smallest of the lab's images, saved as all of them are."""
    path = tmp_path / "lab.tar"
    before = os.umask(0o022)
    try:
        bundle.save(path, [bases.DISTROLESS])
    finally:
        os.umask(before)
    return path


def test_others_can_read_it(made: Path) -> None:
    """``docker save`` makes a file for its user alone."""
    assert oct(made.stat().st_mode & 0o777) == oct(0o644)


def test_who_cannot_read_it_is_told_so(made: Path) -> None:
    """They heard that it is no bundle."""
    opened(made)
    made.chmod(0)

    def load() -> str:
        with pytest.raises(SetupError) as problem:
            bundle.load(made)
        return str(problem.value)

    assert as_somebody(load) == (
        f"{made} can't be read by this user: its owner, {made.owner()}, can type chmod a+r {made}"
    )
