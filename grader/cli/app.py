"""The commands of the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from grader.cli import course, nbgrader
from grader.cli.terminal import Live, say

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Drydock: containers for ML services, built, run and judged on a real Docker Engine.",
)
app.add_typer(nbgrader.app, name="nbgrader")
Name = Annotated[str, typer.Argument(metavar="EXERCISE", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout and nothing else.")]


@app.command()
def check(
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
    from grader.cli import check as checking
    from grader.exercise import catalog

    chosen = catalog.find(exercise)
    path = submission or chosen.workspace
    if submission is None and not path.is_dir():
        from grader.verdict.outcome import UsageError

        raise UsageError(
            f"There is no answer to {chosen.id} yet: ./lab reset {chosen.id} puts its starter "
            f"into {path}."
        )
    if watch:
        return checking.watch(chosen, path, as_json=as_json)
    return checking.once(chosen, path, context.obj, fresh=no_cache, as_json=as_json)


@app.command("list")
def list_exercises(as_json: AsJson = False) -> None:
    """Sections, exercises, points, and how far you are."""
    print(course.listing(as_json=as_json))


@app.command()
def progress(as_json: AsJson = False) -> None:
    """The whole course at a glance, and what to do next."""
    print(course.progress(as_json=as_json))


@app.command()
def hint(
    exercise: Name,
    check: Annotated[str | None, typer.Argument(help="A check; the first failed one else.")] = None,
    as_json: AsJson = False,
) -> None:
    """The next hint, from gentle to plain."""
    from grader.exercise import catalog

    print(course.hint(catalog.find(exercise), check, as_json=as_json))


@app.command()
def reset(exercise: Name, as_json: AsJson = False) -> None:
    """Put the starter into the workspace; what was there is kept."""
    from grader.exercise import catalog

    print(course.reset(catalog.find(exercise), as_json=as_json))


@app.command()
def solution(
    exercise: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> int:
    """One good answer."""
    from grader import store
    from grader.exercise import catalog

    chosen = catalog.find(exercise)
    is_untried = store.progress(chosen.id).attempts == 0
    if is_untried and not yes and not as_json and sys.stdin.isatty():
        say(f"You haven't tried {chosen.id} yet. Show the solution all the same? [y/N]")
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return 0
    print(course.solution(chosen, as_json=as_json))
    return 0


@app.command()
def clean(as_json: AsJson = False) -> None:
    """Remove containers, images and networks of gradings that were cut off."""
    from grader.grading import runner

    with Live(quiet=as_json):
        removed = runner.sweep()
    print(course.cleaned(removed, as_json=as_json))


@app.command()
def notebooks(as_json: AsJson = False) -> None:
    """Expand notebooks/source into notebooks (for authors)."""
    from grader.notebook import expand

    written = [str(path) for path in expand.expand_all()]
    print(course.lines(written, "written", as_json=as_json))


@app.command()
def new(place: Annotated[str, typer.Argument(metavar="SECTION/EXERCISE")]) -> None:
    """A new exercise from the template (for authors)."""
    from grader.author import new as template

    for path in template.create(place):
        print(path)
    say(f"Write what is marked there, then: ./lab verify {place.rpartition('/')[2]}")


@app.command()
def verify(
    exercise: Annotated[str | None, typer.Argument(show_default="the whole course")] = None,
    variants: Annotated[
        bool, typer.Option("--variants", help="Grade the variants of the whole course as well.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Whether exercises are whole and get the verdicts that they declare (for authors)."""
    from grader.cli import verify as verifying

    return verifying.run(exercise, variants=variants, as_json=as_json)


@app.command()
def grade(
    path: Annotated[Path, typer.Argument(help="The folder that holds a folder per student.")],
    jobs: Annotated[int | None, typer.Option(min=1, help="Gradings at once.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDR", help="A Dask scheduler, as tcp://HOST:PORT.")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Grade even what was graded before.")
    ] = False,
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
    from grader.cli import grade as grading

    return grading.run(
        grading.Wish(path, jobs, scheduler, no_cache, as_json, checks, csv, html, junit)
    )


@app.command()
def worker(
    address: Annotated[str, typer.Argument(metavar="ADDR", help="The scheduler's address.")],
    jobs: Annotated[int | None, typer.Option(min=1, help="Gradings at once.")] = None,
) -> None:
    """Grade for a Dask scheduler, on this machine's engine."""
    from grader.batch import worker as working

    say(f"Working for {address}; Ctrl-C ends it.")
    working.serve(address, jobs)
