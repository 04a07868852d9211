"""The pytest plugin: what a check module may ask for, and how its outcomes become verdicts.

One instance grades one submission. Checks are plain pytest functions: fixtures do the plumbing,
asserts judge, the docstring is what the learner reads.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace

import pytest

from grader.answer.submission import Submission
from grader.exercise import checkspec
from grader.probe.bench import Bench
from grader.verdict.event import Event, Listener
from grader.verdict.outcome import (
    CapabilityAbsent,
    EngineError,
    GraderError,
    LearnerFault,
    unforeseen,
)
from grader.verdict.report import CheckResult, Evidence, Status
from grader.verdict.text import clean

MAX_EVIDENCE = 6
MAX_OBSERVED = 2000
MAX_MESSAGE = 1200


class Verdicts:
    """Turns what pytest saw into check results, and tells ``listen`` of each."""

    def __init__(
        self, submission: Submission, bench: Bench, evidence: list[Evidence], listen: Listener
    ) -> None:
        self._bench = bench
        self._listen = listen
        self._evidence = evidence
        self._blamed: dict[int, str] = {}
        self._results: dict[str, CheckResult] = {}
        self._fault = LearnerFault(" ".join(submission.faults)) if submission.faults else None
        self._begun = 0.0

    def pytest_configure(self, config: pytest.Config) -> None:
        for marker in ("exercise(id)", "points(n)", "hint(*texts)", "expects(text)", "advice"):
            config.addinivalue_line("markers", marker)
        config.addinivalue_line("markers", "observed: the checks look at processes")
        config.addinivalue_line("markers", "needs(*ids): checks that must have passed before")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if any(item.get_closest_marker("observed") for item in session.items):
            self._bench.expect_observer()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._evidence.clear()
        self._begun = time.monotonic()
        if self._fault:
            raise self._fault
        for marker in item.iter_markers("needs"):
            for needed in marker.args:
                result = self._results.get(needed)
                if result is None or result.status is not Status.PASSED:
                    pytest.skip(f"Needs “{self._title(needed)}”, which has not passed.")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        problem = call.excinfo.value if call.excinfo else None
        if call.when == "call" or (call.when == "setup" and problem):
            self._conclude(item, problem, in_call=call.when == "call")
        return report

    def _conclude(self, item: pytest.Item, problem: BaseException | None, *, in_call: bool) -> None:
        spec = checkspec.of_function(item)
        status, message, absent = self._judge(spec.id, problem, in_call=in_call)
        if status is Status.FAILED:
            try:
                self._bench.verify()
            except EngineError as error:
                status, message = Status.ERROR, str(error)
        if spec.advice and status is Status.FAILED:
            status = Status.ADVICE
        if isinstance(problem, LearnerFault) and status is Status.FAILED:
            self._evidence += problem.evidence
        result = CheckResult(
            id=spec.id,
            title=spec.title,
            status=status,
            points=spec.points,
            earned=spec.points if status is Status.PASSED else 0.0,
            message=clean(message)[:MAX_MESSAGE],
            why=spec.why,
            hint=spec.hints[0] if spec.hints else "",
            seconds=time.monotonic() - self._begun,
            evidence=self._shown(spec.expects),
            absent=absent,
        )
        self._results[spec.id] = result
        self._listen(Event("check", spec.title, result))

    def _judge(
        self, check: str, problem: BaseException | None, *, in_call: bool
    ) -> tuple[Status, str, str]:
        """(status, message, absent capability) of what a check ended with."""
        if problem is None:
            return Status.PASSED, "", ""
        if isinstance(problem, LearnerFault):
            blamed = self._blamed.setdefault(id(problem), check)
            if blamed == check:
                return Status.FAILED, problem.message, ""
            needed = self._title(blamed)
            return Status.SKIPPED, f"Needs what “{needed}” looks at, which failed.", ""
        if isinstance(problem, CapabilityAbsent):
            return Status.SKIPPED, problem.reason, problem.capability
        if isinstance(problem, pytest.skip.Exception):
            return Status.SKIPPED, str(problem.msg), ""
        if in_call and isinstance(problem, AssertionError):
            return Status.FAILED, str(problem) or "(this check has no message)", ""
        if isinstance(problem, GraderError):
            return Status.ERROR, str(problem), ""
        return Status.ERROR, f"{unforeseen(problem)} Nothing was scored.", ""

    def _title(self, check: str) -> str:
        """What the card calls a check; its id where that one hasn't ended."""
        return self._results[check].title if check in self._results else check

    def _shown(self, expects: str) -> tuple[Evidence, ...]:
        unique = dict.fromkeys(self._evidence)
        return tuple(
            replace(
                item,
                observed=clean(item.observed)[:MAX_OBSERVED],
                expected=clean(item.expected or expects),
            )
            for item in list(unique)[-MAX_EVIDENCE:]
        )
