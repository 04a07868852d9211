"""What the runs of a release workflow push: the solution, and it with one thing changed."""

from __future__ import annotations

import pytest

from grader import workflow as workflows
from grader.exercise import catalog
from grader.judging import release
from grader.judging.release import FILE, GREEN, PUSHES
from grader.probe.bench import Bench
from grader.tests.workflow.followed import rehearsal
from grader.verdict.report import Evidence
from grader.workflow import scenario
from grader.workflow.machine import Failing
from grader.workflow.run import Runs

SOLVED = catalog.find("release_workflow").solved[FILE]
FINDING = [Failing(finding="HIGH")]


def changed(before: str, after: str) -> Runs:
    assert before in SOLVED
    return followed(SOLVED.replace(before, after))


def followed(text: str) -> Runs:
    return Runs(workflows.read(text), rehearsal(), workflows.given_files())


def test_solution_releases_what_it_has_scanned(bench: Bench, evidence: list[Evidence]) -> None:
    """And nothing else; each look leaves what it followed."""
    workflow = followed(SOLVED)
    release.assert_released(workflow, bench)
    release.assert_has(workflow, "scan", "")
    release.assert_not_pushed(workflow, bench, scenario.RELEASES, FINDING, ("push",), "")
    release.assert_not_pushed(workflow, bench, scenario.REQUESTS, [GREEN], PUSHES, "")
    release.assert_scanned(workflow, bench)
    pushes = {each.step.job for run in release.every(workflow) for each in run.of(*PUSHES)}
    assert pushes == {"publish"}
    assert evidence


def test_workflow_that_does_not_start(bench: Bench) -> None:
    with pytest.raises(AssertionError, match="doesn't start this workflow"):
        release.assert_released(changed("    branches: [main]\n    tags", "    tags"), bench)


def test_workflow_that_is_green_and_idle(bench: Bench) -> None:
    """The reason is told: here a job that no push runs."""
    idle = changed("if: github.event_name == 'push'", "if: github.event_name == 'release'")
    with pytest.raises(AssertionError, match="nothing is released: the job publish is skipped"):
        release.assert_released(idle, bench)


def test_scan_without_a_consequence(bench: Bench) -> None:
    deaf = changed('exit-code: "1"', 'exit-code: "0"')
    with pytest.raises(AssertionError, match=r"still pushes .* Stop\."):
        release.assert_not_pushed(deaf, bench, scenario.RELEASES, FINDING, ("push",), "Stop.")


def test_gate_that_is_missing() -> None:
    with pytest.raises(AssertionError, match="no such gate"):
        release.assert_has(followed(SOLVED), "teapot", "no such gate")


def test_build_that_no_scan_has_seen(bench: Bench) -> None:
    """The scan looks at another image than the one that is pushed."""
    other = changed("image-ref: ${{ env.CANDIDATE }}", "image-ref: python:3.11-slim")
    with pytest.raises(AssertionError, match="should come first and look at that same build"):
        release.assert_scanned(other, bench)


def test_the_first_problems_are_told() -> None:
    release.assert_none([])
    with pytest.raises(AssertionError, match=r"^a b c \(2 more\.\)$"):
        release.assert_none(list("abcde"))
