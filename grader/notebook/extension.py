"""``%load_ext grader``: the magic, the functions in the notebook's namespace, a warm parent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grader.engine import location
from grader.grading import warm
from grader.notebook.answer import answer
from grader.notebook.commands import hint, progress, reset, solution
from grader.notebook.grading import grade
from grader.notebook.quiz import quiz

FUNCTIONS = (grade, quiz, hint, reset, solution, progress)


def load_ipython_extension(shell: Any) -> None:
    """Called by IPython. Returns at once; the first grading finds its parent process warm, and the
    kernel ends without waiting for it. What is typed beside it, ``docker`` or docker-py, means the
    engine that is graded on."""
    shell.register_magic_function(answer, "cell", "answer")
    shell.push({call.__name__: call for call in FUNCTIONS}, interactive=False)
    location.adopt()
    warm.start()
    if kernel := getattr(shell, "kernel", None):
        kernel.do_shutdown = _after(warm.stop, kernel.do_shutdown)


def _after(first: Callable[[], None], then: Callable[[bool], Any]) -> Callable[[bool], Any]:
    """The method ``then`` of a kernel, with something to do before."""

    def both(restart: bool) -> Any:
        first()
        return then(restart)

    return both
