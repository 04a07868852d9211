"""Engines that can't do everything: what they can't show is skipped with its reason, never failed.

The real engine does the work; only what it says of itself is changed on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.answer import submission
from grader.exercise import catalog
from grader.grading import runner
from grader.tests.engine.socket_of import altered
from grader.verdict.report import Report, Status

pytestmark = pytest.mark.slow


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Report]:
    """Grade the solution of an exercise on an engine whose ``/info`` is altered."""

    def grade(name: str, **words: Any) -> Report:
        exercise = catalog.find(name)

        def alter(info: dict[str, Any]) -> None:
            info.update(words)

        with altered(tmp_path / "docker.sock", alter) as address:
            monkeypatch.setenv("DOCKER_HOST", address)
            report = runner.grade(exercise, submission.from_texts(exercise, exercise.solved))
            runner.settle()
        return report

    return grade


def statuses(report: Report) -> dict[str, Status]:
    return {check.id: check.status for check in report.checks}


def test_rootless_engine_skips_what_takes_device_nodes(graded: Callable[..., Report]) -> None:
    """gpu_visibility's solution failed there: the engine refused to start its container."""
    report = graded("gpu_visibility", SecurityOptions=["name=seccomp", "name=rootless"])
    assert statuses(report) == {
        "requests_one_gpu": Status.PASSED,
        "sees_only_that_gpu": Status.SKIPPED,
        "sees_none_without_request": Status.PASSED,
        "honours_visible_devices": Status.SKIPPED,
        "falls_back_to_cpu": Status.PASSED,
    }
    skipped = [check for check in report.checks if check.status is Status.SKIPPED]
    assert {check.absent for check in skipped} == {"gpu"}
    assert all("a rootless engine can't make them" in check.message for check in skipped)
    assert not report.complete


def test_engine_without_the_cpu_controller_skips_cpu_limits(
    graded: Callable[..., Report],
) -> None:
    """Rootless where systemd hands on memory and pids only."""
    report = graded("cpu_limit", CpuCfsQuota=False)
    assert statuses(report) == {
        "cpu_is_throttled": Status.SKIPPED,
        "share_is_half_a_cpu": Status.PASSED,
    }
    assert report.checks[0].absent == "cpu"
    assert not report.complete


def test_engine_without_the_cpu_controller_judges_the_rest(graded: Callable[..., Report]) -> None:
    report = graded("nonroot_user", CpuCfsQuota=False)
    assert report.status is Status.PASSED, report.to_json()
    assert report.complete
