"""What a grading says: statuses, evidence, check results and the report.

Plain data with JSON in and out (the shape is the project's contract, schema 1). This module
knows nothing of Docker, pytest or notebooks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

SCHEMA = 1
UNTOUCHED = (
    "This is the starter as it was handed out. What passes already counts as soon as you have "
    "changed something."
)


class Status(StrEnum):
    """How a check ended.

    ``FAILED`` is the learner's, ``ERROR`` is ours and never costs or awards points, ``SKIPPED``
    needed something that failed before or that this host lacks, ``ADVICE`` is a remark without
    points.
    """

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    ADVICE = "advice"


@dataclass(frozen=True)
class Evidence:
    """One observation: a command that a person can repeat, what it showed, what was expected.

    Lines in parentheses are remarks of ours. Where the command can't print what was observed (it
    was measured, or seen on a simulated host), the observation is ``told`` and the command shows
    where to look.
    """

    command: str
    observed: str
    expected: str = ""
    told: bool = False

    @property
    def prompt(self) -> str:
        """What stands before the command: it is to be typed, or only shows where to look."""
        return "look at: " if self.told else "$ "


@dataclass(frozen=True)
class CheckResult:
    """The verdict of one check. ``seconds`` is wall-clock time, ``hint`` the gentlest hint."""

    id: str
    title: str
    status: Status
    points: float
    earned: float = 0.0
    message: str = ""
    why: str = ""
    hint: str = ""
    seconds: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    absent: str = ""
    """The host capability whose absence skipped this check, else empty."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CheckResult:
        """Read one element of a report's ``checks``. Raises KeyError or ValueError."""
        evidence = tuple(Evidence(**item) for item in data.get("evidence", ()))
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(**{**known, "status": Status(data["status"]), "evidence": evidence})


@dataclass(frozen=True)
class SubmissionInfo:
    """Which submission a report is about: digest of the answers, files read, files left aside."""

    sha256: str
    files: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """The verdict on one submission of one exercise."""

    exercise: str
    submission: SubmissionInfo
    checks: tuple[CheckResult, ...]
    engine: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    cached: bool = False
    reproduce: tuple[str, ...] = ()
    """Commands, to be typed in the workspace folder, that start what the evidence looks at."""
    untouched: bool = False
    """Whether the answer is the starter as it was handed out: that earns nothing."""

    @property
    def score(self) -> float:
        return sum(check.earned for check in self.checks)

    @property
    def max_score(self) -> float:
        return sum(check.points for check in self.checks)

    @property
    def complete(self) -> bool:
        """Whether the score may be recorded: some checks ran, none errored, none lacked a host
        capability."""
        return bool(self.checks) and not any(
            check.status is Status.ERROR or check.absent for check in self.checks
        )

    @property
    def status(self) -> Status:
        if not self.checks or any(check.status is Status.ERROR for check in self.checks):
            return Status.ERROR
        if all(c.status in (Status.PASSED, Status.ADVICE) for c in self.checks):
            return Status.PASSED
        if any(c.status is Status.FAILED for c in self.checks):
            return Status.FAILED
        return Status.PASSED if self.score >= self.max_score else Status.FAILED

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "exercise": self.exercise,
            "status": self.status.value,
            "complete": self.complete,
            "score": round(self.score, 4),
            "max_score": round(self.max_score, 4),
            "seconds": round(self.seconds, 3),
            "cached": self.cached,
            "untouched": self.untouched,
            "submission": {
                "sha256": self.submission.sha256,
                "files": list(self.submission.files),
                "ignored": list(self.submission.ignored),
            },
            "engine": dict(self.engine),
            "reproduce": list(self.reproduce),
            "checks": [_check_to_dict(check) for check in self.checks],
        }

    def to_json(self) -> str:
        """One line of JSON, non-ASCII kept, no NaN."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """Read a report of schema 1. Raises KeyError or ValueError on anything else."""
        if data["schema"] != SCHEMA:
            raise ValueError(f"report schema {data['schema']!r}, this grader reads {SCHEMA}")
        sent = data["submission"]
        return cls(
            exercise=data["exercise"],
            submission=SubmissionInfo(
                sent["sha256"], tuple(sent["files"]), tuple(sent.get("ignored", ()))
            ),
            checks=tuple(CheckResult.from_dict(check) for check in data["checks"]),
            engine=data["engine"],
            seconds=data["seconds"],
            cached=data["cached"],
            reproduce=tuple(data.get("reproduce", ())),
            untouched=bool(data.get("untouched")),
        )

    def as_cached(self) -> Report:
        return replace(self, cached=True)

    def as_untouched(self) -> Report:
        """The same verdicts of a starter that nobody has worked on: they earn nothing."""
        checks = tuple(replace(check, earned=0.0) for check in self.checks)
        return replace(self, checks=checks, untouched=True)


def _evidence_to_dict(item: Evidence) -> dict[str, Any]:
    return {key: value for key, value in asdict(item).items() if key != "told" or value}


def _check_to_dict(check: CheckResult) -> dict[str, Any]:
    data = asdict(check)
    data["status"] = check.status.value
    data["seconds"] = round(check.seconds, 3)
    data["evidence"] = [_evidence_to_dict(item) for item in check.evidence]
    return data
