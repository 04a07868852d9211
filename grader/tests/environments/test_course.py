"""What other environments are judged by, tried on this machine's engine. The environments take
minutes and gigabytes, and are run by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.exercise import project
from grader.tests.environments import __main__ as command
from grader.tests.environments.places import ENVIRONMENTS, REFUSED

FOUND = {
    "engine": "28.5.2",
    "store": "containerd",
    "cgroup": 2,
    "right": {"solution": 23, "starter": 24},
    "asked": {"solution": 24, "starter": 24},
    "skipped": ["gpu_visibility/solution"],
    "wrong": [],
}


def test_every_environment_is_named_in_the_document() -> None:
    text = (project.ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in ENVIRONMENTS)
    assert set(ENVIRONMENTS) > REFUSED


def test_row_says_what_was_run_and_what_was_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "environments.md"
    monkeypatch.setattr(command, "DOCUMENT", document)
    command.record("newest-containerd", "--rounds=1", FOUND)
    command.record("cgroup2", "--variants --only=x", FOUND | {"wrong": ["x/solution"]})
    first, second = document.read_text(encoding="utf-8").splitlines()
    assert "| newest-containerd (28.5.2, containerd, cgroup 2) | solutions, starters |" in first
    assert first.endswith(
        "| 23 of 24 solutions, 24 of 24 starters; skipped: gpu_visibility/solution |"
    )
    assert "**wrong: x/solution**" in second


@pytest.mark.slow
def test_course_is_counted() -> None:
    """One exercise that needs no container, as it is run inside of a machine."""
    module = "grader.tests.environments.course"
    done = subprocess.run(
        [sys.executable, "-m", module, "--only=release_workflow", "--at-once=1"],
        cwd=project.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["right"] == found["asked"] == {"solution": 1, "starter": 1}
