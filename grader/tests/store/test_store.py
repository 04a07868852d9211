"""Progress is kept exactly once, faults of ours never."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader import store
from grader.verdict.report import CheckResult, Report, Status, SubmissionInfo


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRYDOCK_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def report(digest: str, status: Status = Status.PASSED) -> Report:
    earned = 2.0 if status is Status.PASSED else 0.0
    check = CheckResult("one", "One", status, 2.0, earned)
    return Report("toy", SubmissionInfo(digest), (check,))


def test_same_answer_counts_once_and_the_best_score_stays() -> None:
    for digest, status in (("a", Status.FAILED), ("b", Status.PASSED), ("a", Status.FAILED)):
        store.record(report(digest, status))
    progress = store.progress("toy")
    assert (progress.attempts, progress.best) == (2, 2.0)
    assert progress.last
    assert progress.last.submission.sha256 == "a"


def test_faults_of_ours_are_not_recorded() -> None:
    store.record(report("a", Status.ERROR))
    assert store.progress("toy") == store.Progress()


def test_hints_only_go_forward() -> None:
    store.saw_hint("toy", "one", 2)
    store.saw_hint("toy", "one", 1)
    assert store.hints_seen("toy") == {"one": 2}


def test_quiz_answer_once_right_stays_right() -> None:
    store.record_quiz("security", "q1", True)
    store.record_quiz("security", "q1", False)
    assert store.quiz_answered("security") == {"q1"}


def test_many_writers_lose_nothing() -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store.record(report(str(number))), range(40)))
    assert store.progress("toy").attempts == 40
