"""A copy of the project to write in, as an author has one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.exercise import project

_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "workspace", "docs", "benchmarks")


@dataclass(frozen=True)
class Copy:
    """The author's own tree."""

    root: Path

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python with this tree's grader."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.root)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def lab(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "grader", *arguments)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """One for all tests of a module: making it takes a second."""
    root = tmp_path_factory.mktemp("author") / "course"
    shutil.copytree(project.ROOT, root, ignore=_LEFT_OUT, symlinks=True)
    return Copy(root)
