"""Random values of one grading in place of an exercise's sample values: in given files, as
BuildKit secrets, as build arguments, as secrets at run time.

An exercise declares them; each grading draws its own, so that a value found where it must not be
came from nowhere else. What a grading tells is redacted: it names a canary and never shows it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from grader.engine import tarball
from grader.exercise.canary import Plan
from grader.probe.search import Pattern, patterns
from grader.verdict.event import Event
from grader.verdict.report import CheckResult

RANDOM_BYTES = 20


class Canaries:
    """The values of one grading, by the names that the exercise gives them."""

    def __init__(self, planned: tuple[Plan, ...]) -> None:
        self._planned = planned
        self._values = {plan.name: secrets.token_hex(RANDOM_BYTES) for plan in planned}

    def value(self, name: str) -> str:
        return self._values[name]

    @cached_property
    def needles(self) -> Mapping[str, bytes]:
        """What must be found nowhere: name -> bytes."""
        return {
            plan.name: self._values[plan.name].encode() for plan in self._planned if not plan.public
        }

    def placed(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The given files with this grading's values in place of the samples.

        Raises ValueError when a file lacks its sample.
        """
        placed = dict(files)
        for plan in self._planned:
            if plan.file:
                sample, content = plan.sample.encode(), placed.get(plan.file, b"")
                if sample not in content:
                    raise ValueError(f"{plan.file} has no {plan.sample!r} to be replaced")
                placed[plan.file] = content.replace(sample, self._values[plan.name].encode())
        return placed

    @property
    def build_secrets(self) -> dict[str, bytes]:
        """Secret id -> value, for BuildKit."""
        return {
            plan.build_secret: self._values[plan.name].encode()
            for plan in self._planned
            if plan.build_secret
        }

    @property
    def build_arguments(self) -> dict[str, str]:
        """Build argument -> value."""
        return {
            plan.build_argument: self._values[plan.name]
            for plan in self._planned
            if plan.build_argument
        }

    @property
    def run_files(self) -> bytes | None:
        """A tar archive of the files that a container gets before it starts; None without any."""
        wanted = {
            plan.run_file: self._values[plan.name].encode()
            for plan in self._planned
            if plan.run_file
        }
        return tarball.of(wanted) if wanted else None

    @cached_property
    def _patterns(self) -> tuple[Pattern, ...]:
        return patterns(self.needles)

    def found_in(self, text: str) -> dict[str, str]:
        """The secrets that a text holds, each with the form that it has there."""
        encoded = text.encode("utf-8", "surrogateescape")
        return {each.name: each.form for each in self._patterns if each.needle in encoded}

    def redacted(self, text: str) -> str:
        """The text with the names of secrets in their place."""
        for each in self._patterns:
            text = text.replace(each.needle.decode(), f"‹{each.name}›")
        return text

    def hide(self, event: Event) -> Event:
        """The event, without any secret in it."""
        check = self._hidden(event.check) if event.check else None
        return replace(event, text=self.redacted(event.text), check=check)

    def _hidden(self, check: CheckResult) -> CheckResult:
        evidence = tuple(
            replace(
                each,
                command=self.redacted(each.command),
                observed=self.redacted(each.observed),
                expected=self.redacted(each.expected),
            )
            for each in check.evidence
        )
        return replace(check, message=self.redacted(check.message), evidence=evidence)
