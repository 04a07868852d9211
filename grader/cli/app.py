"""The commands of the command line: their names in the order of ``./lab --help``, their modules.

Each has a module of its own with one function, ``command`` (``nbgrader`` a package with an
``app``). Only the module of the command that is called is imported, or all where help tells of all:
at its top a command's module imports hardly more than typer, and the rest when it runs.
"""

from __future__ import annotations

from importlib import import_module

import typer

COMMANDS = {
    "check": "check",
    "list": "listing",
    "progress": "progress",
    "hint": "hint",
    "reset": "reset",
    "solution": "solution",
    "clean": "clean",
    "notebooks": "notebooks",
    "new": "new",
    "verify": "verify",
    "grade": "grade",
    "worker": "worker",
}
GROUPS = {"nbgrader": "nbgrader"}


def of(name: str) -> typer.Typer:
    """The command line with the command of that name alone, or with all where none is called so."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        help="Drydock: containers for ML services, built, run and judged on a real Docker Engine.",
    )
    app.callback()(_before_a_command)
    is_known = name in COMMANDS or name in GROUPS
    for each, module in COMMANDS.items():
        if each == name or not is_known:
            app.command(each)(import_module(f"grader.cli.{module}").command)
    for each, module in GROUPS.items():
        if each == name or not is_known:
            app.add_typer(import_module(f"grader.cli.{module}").app, name=each)
    return app


def _before_a_command() -> None:
    """Nothing; it makes typer expect a command's name even where there is one command only."""
