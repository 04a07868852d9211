"""Results by content: recorded once, found again, and never a fault of ours."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.answer import submission
from grader.exercise import catalog
from grader.grading import runner
from grader.store import Results
from grader.verdict.outcome import GraderError
from grader.verdict.report import CheckResult, Report, Status, SubmissionInfo

EXERCISE = catalog.find("nonroot_user")


def report(message: str = "", status: Status = Status.FAILED) -> Report:
    check = CheckResult("one", "One", status, 2.0, message=message)
    return Report("toy", SubmissionInfo("a"), (check,))


def test_result_is_found_under_its_key_and_marked(tmp_path: Path) -> None:
    with Results.open(tmp_path) as results:
        assert results.get("k") is None
        results.put("k", report("first"))
    with Results.open(tmp_path) as results:
        found = results.get("k")
    assert found == report("first").as_cached()


def test_first_result_of_a_key_stays(tmp_path: Path) -> None:
    """Exactly once, however many hand in the same one at the same moment."""

    def put(number: int) -> bool:
        with Results.open(tmp_path) as results:
            return results.put("k", report(str(number)))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(put, range(40))) == 1


@pytest.mark.slow
def test_new_store_is_opened_by_many_at_once(tmp_path: Path) -> None:
    """A notebook and a terminal begin at the same moment: nobody hears of a lock."""
    together = threading.Barrier(8)

    def open_new(number: int) -> None:
        together.wait()
        with Results.open(tmp_path / str(number // 8)) as results:
            assert results.get("k") is None

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(open_new, range(8 * 60)))


def test_fresh_result_takes_the_place_of_the_old(tmp_path: Path) -> None:
    with Results.open(tmp_path) as results:
        results.put("k", report("old"))
        results.replace("k", report("new"))
        found = results.get("k")
    assert found
    assert found.checks[0].message == "new"


def test_fault_of_ours_is_never_recorded(tmp_path: Path) -> None:
    with Results.open(tmp_path) as results:
        assert not results.put("k", report(status=Status.ERROR))
        results.put("k", report("kept"))
        results.replace("k", report(status=Status.ERROR))
        found = results.get("k")
    assert found
    assert found.checks[0].message == "kept"


def test_store_that_is_none_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "progress.sqlite3").write_text("no database, just text " * 100)
    with pytest.raises(GraderError, match="Results can't be kept in"), Results.open(tmp_path):
        pass


@pytest.mark.slow
def test_same_answer_is_graded_once(tmp_path: Path) -> None:
    """The second time comes from the store, check by check; ``fresh`` grades again."""
    answer = submission.from_texts(EXERCISE, EXERCISE.solved)
    first, again = (runner.grade(EXERCISE, answer, results=tmp_path) for _ in range(2))
    fresh = runner.grade(EXERCISE, answer, results=tmp_path, fresh=True)
    assert [first.cached, again.cached, fresh.cached] == [False, True, False]
    assert again.to_dict()["checks"] == first.to_dict()["checks"]
    assert [check.status for check in fresh.checks] == [check.status for check in first.checks]


def test_store_that_can_not_be_read_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "progress.sqlite3").write_text("no database, just text " * 100)
    answer = submission.from_texts(EXERCISE, EXERCISE.solved)
    assert runner.grade(EXERCISE, answer, results=tmp_path).status is Status.PASSED


@pytest.mark.slow
def test_untouched_starter_earns_nothing() -> None:
    """Its verdicts are told all the same; a comment more, and what passes counts."""
    starter = submission.from_texts(EXERCISE, EXERCISE.starter)
    changed = submission.from_texts(
        EXERCISE, {name: f"# mine\n{text}" for name, text in EXERCISE.starter.items()}
    )
    untouched, touched = (runner.grade(EXERCISE, answer) for answer in (starter, changed))
    assert (untouched.untouched, untouched.score) == (True, 0)
    assert [check.status for check in untouched.checks] == [c.status for c in touched.checks]
    assert not touched.untouched
    assert 0 < touched.score < touched.max_score
