"""Variants: answers with a declared verdict, which test the checks themselves.

``grader/tests/variants/<exercise>/<variant>/`` holds a ``variant.toml`` and the answer files that
differ from the solution.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.answer import submission
from grader.answer.submission import Submission
from grader.exercise import project
from grader.exercise.catalog import Exercise
from grader.verdict.report import Report, Status

MANIFEST = "variant.toml"


@dataclass(frozen=True)
class Variant:
    """``fails`` names exactly the checks that fail; empty means full marks. ``says`` maps a check
    to a pattern that its message matches, so that it fails for the right reason. ``refused`` is a
    pattern of the sentence with which the lab says that it can't take the answer; then nothing is
    scored."""

    name: str
    about: str
    fails: tuple[str, ...]
    refused: str
    says: Mapping[str, str]
    folder: Path

    def submission(self, exercise: Exercise) -> Submission:
        """The solution with this variant's files in place of its own."""
        texts = {
            name: (self.folder / name).read_text(encoding="utf-8")
            if (self.folder / name).is_file()
            else solved
            for name, solved in exercise.solved.items()
        }
        return submission.from_texts(exercise, texts)


def of(exercise: Exercise) -> tuple[Variant, ...]:
    """All variants of an exercise by name. Raises KeyError or ValueError on a bad manifest."""
    return tuple(
        _load(path) for path in sorted((project.VARIANTS / exercise.id).glob(f"*/{MANIFEST}"))
    )


def _load(path: Path) -> Variant:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Variant(
        path.parent.name,
        data["about"],
        tuple(data.get("fails", ())),
        data.get("refused", ""),
        data.get("says", {}),
        path.parent,
    )


def differences(
    report: Report, fails: tuple[str, ...], says: Mapping[str, str], refused: str = ""
) -> list[str]:
    """What of a report isn't as declared, a sentence each; empty when all is."""
    failed = {check.id: check for check in report.checks if check.status is Status.FAILED}
    errors = [check for check in report.checks if check.status is Status.ERROR]
    if refused:
        found = [
            f"{check.id} fails, though it is refused: {check.message}" for check in failed.values()
        ]
        if not any(re.search(refused, check.message) for check in errors):
            said = [check.message for check in errors] or "nothing"
            found.append(f"it should be refused with {refused!r}; the lab says {said}")
        return found
    found = [f"{check.id} errored: {check.message}" for check in errors]
    found += [f"{name} should fail and doesn't" for name in fails if name not in failed]
    found += [
        f"{name} fails and shouldn't: {check.message}"
        for name, check in failed.items()
        if name not in fails
    ]
    for name, pattern in says.items():
        if name in failed and not re.search(pattern, failed[name].message):
            found.append(f"{name} says {failed[name].message!r}, not {pattern!r}")
    if not fails and not found and report.score < report.max_score:
        found.append(f"score {report.score} of {report.max_score}")
    if not report.complete and not errors:
        found.append("the report isn't complete")
    return found
