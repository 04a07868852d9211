"""``%load_ext grader``: the magic, the functions in the notebook's namespace, a warm runner."""

from __future__ import annotations

from typing import Any

import grader
from grader import runner
from grader.notebook.answer import answer

NAMES = ("grade", "quiz", "hint", "reset", "solution", "progress")


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython. Returns at once; the first grading finds its parent process warm."""
    shell.register_magic_function(answer, "cell", "answer")
    shell.push({name: getattr(grader, name) for name in NAMES}, interactive=False)
    runner.warm()
