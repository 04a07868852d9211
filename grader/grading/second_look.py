"""Whether a grading is to be believed that was made on a busy machine, and what two of them agree
on.

A machine that gives a program a twentieth of its time can make a right answer fail where a limit is
kept by somebody else's clock. So what failed then is judged once more before anybody is told.
"""

from __future__ import annotations

from dataclasses import replace

from grader.verdict.outcome import TOO_BUSY
from grader.verdict.report import CheckResult, Report, Status

BELIEVED = 0.1
"""The share of the machine from which on a failure is believed at once: ten programs for each
processor. Four gradings at once on two processors leave each other a quarter."""
DIFFERENT = (
    f"{TOO_BUSY}: judged twice, it came to two different verdicts. Nothing was scored; "
    "try again when the machine is quieter."
)


def is_too_busy(report: Report) -> bool:
    """Whether something couldn't be seen for lack of the machine's time."""
    return any(
        check.status is Status.ERROR and check.message.startswith(TOO_BUSY)
        for check in report.checks
    )


def is_doubtful(report: Report, share: float) -> bool:
    """Whether a report is to be made once more; ``share`` of the machine was ours meanwhile."""
    failed = any(check.status is Status.FAILED for check in report.checks)
    return is_too_busy(report) or (failed and share < BELIEVED)


def agreed(first: Report, second: Report, share: float) -> Report:
    """The second report; on a machine that was still busy (``share``), what the two don't agree on
    is an error of ours."""
    if share >= BELIEVED or is_too_busy(first) or is_too_busy(second):
        return second
    before = {check.id: check.status for check in first.checks}
    return replace(
        second, checks=tuple(_compared(before.get(check.id), check) for check in second.checks)
    )


def _compared(before: Status | None, check: CheckResult) -> CheckResult:
    if {before, check.status} == {Status.PASSED, Status.FAILED}:
        return replace(check, status=Status.ERROR, earned=0.0, message=DIFFERENT, hint="")
    return check
