"""Graded answers as a hostile class could bring them about; no engine is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.answer.submission import Submission
from grader.batch.coordinator import Graded
from grader.batch.roster import Entry
from grader.exercise import catalog
from grader.verdict.report import CheckResult, Evidence, Report, Status, SubmissionInfo

MARKUP = "<script>document.title='owned'</script><img src=http://127.0.0.1:9/x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://127.0.0.1:9","win")'
EXERCISE = catalog.find("nonroot_user")


def graded(student: str, *, message: str = "", status: Status = Status.FAILED) -> Graded:
    """One answer whose every text is a stranger's."""
    checks = (
        CheckResult("builds", "The image builds", Status.PASSED, 1.0, 1.0),
        CheckResult(
            "process_not_root",
            "No process of the container has root's uid or group",
            status,
            2.0,
            2.0 if status is Status.PASSED else 0.0,
            message,
            evidence=(Evidence(f"docker top web {MARKUP}", f"\x1b[31m{MARKUP}", "no 0"),),
        ),
    )
    report = Report(EXERCISE.id, SubmissionInfo("0" * 64, ("Dockerfile",), (MARKUP,)), checks)
    return Graded(Entry(student, EXERCISE.id, Path("x"), Submission({})), report)


@pytest.fixture
def hostile_class() -> list[Graded]:
    return [
        graded("ada", status=Status.PASSED),
        graded("bob", message="'python app.py' runs with uid 0"),
        graded("cy", message="'sh -c x' runs with uid 0"),
        graded(f"eve {MARKUP}", message=MARKUP),
        graded(FORMULA, message=FORMULA),
        Graded(Entry("dan", "", Path(f"{FORMULA}.ipynb"), None), None, f"{MARKUP} is no notebook"),
        Graded(Entry("flo", EXERCISE.id, Path("y"), None), None, "+1+1"),
    ]
