"""What a busy machine made of an answer is judged once more before anybody is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.grading import second_look
from grader.tests.notebook.reports import passed
from grader.verdict.outcome import MachineTooBusy
from grader.verdict.report import Report, Status

PASSED = passed()
FIRST = PASSED.checks[0]


def report(status: Status, message: str = "") -> Report:
    check = replace(FIRST, status=status, earned=0.0, message=message)
    return replace(PASSED, checks=(check, *PASSED.checks[1:]))


FAILED = report(Status.FAILED, "It went on running.")
BUSY = report(Status.ERROR, str(MachineTooBusy("of 150 s it gave 2 s")))


@pytest.mark.parametrize(
    ("made", "share", "doubtful"),
    [
        (PASSED, 0.05, False),
        (FAILED, 0.9, False),
        (FAILED, 0.05, True),
        (BUSY, 0.05, True),
        (BUSY, 0.9, True),
        (report(Status.ERROR, "The Docker Engine went away."), 0.9, False),
    ],
)
def test_failure_is_doubted_where_the_machine_gave_little(
    made: Report, share: float, doubtful: bool
) -> None:
    assert second_look.is_doubtful(made, share) is doubtful


def test_two_that_agree_are_believed() -> None:
    assert second_look.agreed(FAILED, FAILED, 0.05) == FAILED


def test_two_that_differ_on_a_busy_machine_say_nothing() -> None:
    for first, second in ((FAILED, PASSED), (PASSED, FAILED)):
        agreed = second_look.agreed(first, second, 0.05)
        assert agreed.checks[0].status is Status.ERROR
        assert second_look.is_too_busy(agreed)
        assert not agreed.complete


def test_second_look_on_a_quiet_machine_is_the_verdict() -> None:
    assert second_look.agreed(FAILED, PASSED, 0.9) == PASSED
    assert second_look.agreed(BUSY, FAILED, 0.9) == FAILED
