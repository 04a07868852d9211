"""``grade("nonroot_user")`` in a notebook: the workspace's answer, live progress, a Score.

Never prints, never raises for a learner's mistake or for a fault of the grader: both end in a
card. Only an interrupt goes through, so that "run all" stops where the person wanted it to.
"""

from __future__ import annotations

import contextlib
import io

from grader import store
from grader.answer import submission
from grader.exercise import catalog, project
from grader.grading import runner
from grader.notebook import buttons
from grader.notebook.live import LiveProgress
from grader.notebook.message import say
from grader.notebook.score import Score
from grader.verdict.outcome import UsageError, unforeseen
from grader.verdict.report import Report


class GradingStopped(KeyboardInterrupt):
    """The person interrupted the kernel. Shown as one line instead of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return ["Grading was stopped. Nothing was scored; run the cell again when you like."]


def grade(exercise: str) -> Score:
    """Grade what the ``%%answer`` cells of ``exercise`` saved; shows the result card.

    Raises only GradingStopped, when the kernel is interrupted.
    """
    try:
        chosen = catalog.find(exercise)
        if not chosen.workspace.is_dir():
            raise UsageError(
                f"There is no answer yet. Run the cell that starts with %%answer {chosen.id} "
                "first, then this one."
            )
        answer = submission.from_directory(chosen, chosen.workspace)
    except UsageError as error:
        return Score.refused(str(exercise), str(error))
    try:
        with LiveProgress(chosen.title) as live:
            report = runner.grade(chosen, answer, live.listen, results=project.state())
    except KeyboardInterrupt:
        raise GradingStopped from None
    except Exception as error:
        return Score.refused(chosen.title, f"{unforeseen(error)} Run the cell again.")
    _remember(report)
    score = Score.of(report, chosen.title)
    score.on_show = lambda: buttons.offer(chosen)
    return score


def _remember(report: Report) -> None:
    """Record the attempt. The store's complaint about a full disk goes to a box: on stderr it
    would cost the points of this cell in nbgrader."""
    with contextlib.redirect_stderr(io.StringIO()) as complaint:
        store.record(report)
    if complaint.getvalue():
        say(complaint.getvalue().strip())
