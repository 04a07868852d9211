"""When a report counts, and that it is the same after a journey as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from grader.verdict.report import CheckResult, Evidence, Report, Status, SubmissionInfo

PASSED = CheckResult(
    "a", "A", Status.PASSED, 2, 2, evidence=(Evidence("docker ps", "web\n", "web"),)
)
FAILED = CheckResult("b", "B", Status.FAILED, 1, message="seen: x")
ADVICE = CheckResult("c", "C", Status.ADVICE, 0)
ERROR = CheckResult("d", "D", Status.ERROR, 1, message="ours")
SKIPPED = CheckResult("e", "E", Status.SKIPPED, 1)
ABSENT = replace(SKIPPED, absent="gpu")


def report(*checks: CheckResult) -> Report:
    return Report("exercise", SubmissionInfo("0" * 64, ("Dockerfile",)), checks, {"os": "linux"})


@pytest.mark.parametrize(
    ("checks", "status", "complete"),
    [
        ([PASSED], Status.PASSED, True),
        ([PASSED, ADVICE], Status.PASSED, True),
        ([PASSED, FAILED], Status.FAILED, True),
        ([FAILED, SKIPPED], Status.FAILED, True),
        ([PASSED, ABSENT], Status.FAILED, False),
        ([FAILED, ERROR], Status.ERROR, False),
        ([], Status.ERROR, False),
    ],
)
def test_status(checks: list[CheckResult], status: Status, complete: bool) -> None:
    """A fault of ours outweighs the learner's; without any check nothing is known."""
    found = report(*checks)
    assert (found.status, found.complete) == (status, complete)


def test_json_and_back() -> None:
    sent = report(PASSED, FAILED, ABSENT)
    assert Report.from_dict(json.loads(sent.to_json())) == sent
    with pytest.raises(ValueError, match="schema 2"):
        Report.from_dict({**sent.to_dict(), "schema": 2})


def test_untouched_earns_nothing() -> None:
    found = report(PASSED, FAILED).as_untouched()
    assert (found.score, found.max_score, found.untouched) == (0, 3, True)
