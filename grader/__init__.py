"""Drydock's public API: what a notebook or a script imports as ``grader``.

Names are loaded when they are first used, so that ``import grader`` and the command line don't
pay for Jupyter. This file must not import anything of the project when it is itself imported.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers know the name; importing typing would cost more than all this
if TYPE_CHECKING:
    from typing import Any

    from grader.notebook.commands import hint, progress, reset, solution
    from grader.notebook.extension import load_ipython_extension
    from grader.notebook.grading import grade
    from grader.notebook.quiz import quiz
    from grader.verdict.report import Report, Status

_HOME = {
    "grade": "grader.notebook.grading",
    "quiz": "grader.notebook.quiz",
    "hint": "grader.notebook.commands",
    "reset": "grader.notebook.commands",
    "solution": "grader.notebook.commands",
    "progress": "grader.notebook.commands",
    "load_ipython_extension": "grader.notebook.extension",
    "Report": "grader.verdict.report",
    "Status": "grader.verdict.report",
}

__all__ = [
    "Report",
    "Status",
    "grade",
    "hint",
    "load_ipython_extension",
    "progress",
    "quiz",
    "reset",
    "solution",
]


if not TYPE_CHECKING:  # which would believe any name

    def __getattr__(name: str) -> Any:
        """Load a public name from its module. Raises AttributeError for any other name."""
        if name not in _HOME:
            raise AttributeError(f"module 'grader' has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
