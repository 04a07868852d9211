"""``./lab check``: one grading, or with ``--watch`` one after each save."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grader.cli.arguments import AsJson, Name

if TYPE_CHECKING:
    from grader.exercise.catalog import Exercise
    from grader.grading.forked import Early
    from grader.verdict.report import Report


def command(
    context: typer.Context,
    exercise: Name,
    submission: Annotated[
        Path | None,
        typer.Option(help="A folder of answers or a notebook; the workspace without it."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Grade again at every save.")] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Grade even if this answer was graded before.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Build it, run it, judge it."""
    from grader.exercise import catalog
    from grader.verdict.outcome import UsageError

    chosen = catalog.find(exercise)
    path = submission or chosen.workspace
    if submission is None and not path.is_dir():
        raise UsageError(
            f"There is no answer to {chosen.id} yet: ./lab reset {chosen.id} puts its starter "
            f"into {path}."
        )
    if watch:
        from grader.cli import watch as watching

        return watching.run(chosen, path, as_json=as_json)
    return once(chosen, path, context.obj, fresh=no_cache, as_json=as_json)


def once(exercise: Exercise, path: Path, early: Early | None, *, fresh: bool, as_json: bool) -> int:
    """Grade once and print; ``fresh`` even when the verdicts are known. Returns the exit code.
    Raises UsageError."""
    from grader.answer import submission
    from grader.cli import card
    from grader.cli.terminal import Live
    from grader.exercise import project
    from grader.grading import runner

    answer = submission.read(exercise, path)
    with Live(quiet=as_json) as live:
        report = runner.grade(
            exercise, answer, live.listen, early=early, results=project.state(), fresh=fresh
        )
    card.show(report, exercise, as_json=as_json)
    runner.settle()
    return exit_code(report)


def exit_code(report: Report) -> int:
    """0 passed, 1 the learner's checks failed, 3 not graded."""
    if report.status == "error" or not report.complete:
        return 3
    return 0 if report.status == "passed" else 1
