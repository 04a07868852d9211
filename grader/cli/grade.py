"""``./lab grade``: a whole class, with a line that tells how far it is and for how much longer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grader.cli.arguments import AsJson, Jobs, NoCache, Scheduler
from grader.cli.terminal import say


def command(
    path: Annotated[Path, typer.Argument(help="The folder that holds a folder per student.")],
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    no_cache: NoCache = False,
    checks: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder of further checks of your own.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Scores as a table.")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A page per learner and one for the class.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="JUnit XML.")] = None,
    as_json: AsJson = False,
) -> int:
    """Grade a whole class."""
    import json
    from contextlib import closing

    from grader import reports
    from grader.batch import coordinator, private, roster
    from grader.batch.coordinator import Plan
    from grader.cli import tally as tallies
    from grader.cli.crew import crew_of
    from grader.exercise import catalog
    from grader.store import Results
    from grader.verdict.outcome import UsageError

    exercises = catalog.discover()
    entries = roster.read(path, exercises)
    extra = private.read(checks, exercises) if checks else {}
    with coordinator.only_one(), Results.open() as results:
        crew = crew_of(jobs, scheduler)
        plan = Plan.of(entries, exercises, crew, extra)
        tally = tallies.Tally(len(entries), crew.size)
        shown = tallies.Shown(tally, as_json=as_json)
        try:
            with closing(coordinator.grade(plan, crew, results, fresh=no_cache)) as stream:
                for graded in stream:
                    tally.add(graded)
                    shown.show(graded)
        except KeyboardInterrupt:
            shown.end()
            say("Stopped. What is graded is recorded; the same command goes on from here.")
            return 130
    shown.end()
    try:
        if csv:
            reports.write_table(csv, tally.graded)
        if junit:
            reports.write_junit(junit, tally.graded)
        if html:
            say(f"The class: {reports.write_pages(html, tally.graded, exercises)}")
    except OSError as error:
        raise UsageError(f"{error.filename} can't be written: {error.strerror}.") from error
    if as_json:
        print(json.dumps({"summary": tally.summary()}), flush=True)
    else:
        tallies.print_table(tally)
    return tallies.exit_code(tally.graded)
