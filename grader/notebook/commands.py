"""``hint``, ``reset``, ``solution`` and ``progress`` in a notebook, and behind the buttons.

Each makes a Reply: text for the person, with what has to be shown as typed. Mistakes become a
Reply too, never a traceback.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from grader import store
from grader.exercise import catalog
from grader.exercise.catalog import Exercise
from grader.learner import hints, workspace
from grader.notebook import table
from grader.notebook.message import Kind, Message
from grader.verdict.outcome import UsageError
from grader.verdict.text import clean


@dataclass(frozen=True)
class Reply:
    """A message, and file contents by name to be shown under it as they are."""

    text: str
    kind: Kind = "note"
    files: tuple[tuple[str, str], ...] = ()
    ask: str = ""
    """The action to be confirmed: the text is then a question."""

    @property
    def html(self) -> str:
        shown = "".join(
            f"<p><strong>{escape(clean(name))}</strong></p><pre>{escape(clean(content))}</pre>"
            for name, content in self.files
        )
        return Message(self.text, self.kind).html + shown

    def __repr__(self) -> str:
        shown = "".join(f"\n\n{name}\n{content}" for name, content in self.files)
        return clean(self.text + shown)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html}


def hint(exercise: str) -> Reply:
    """The next hint for ``exercise``, from gentle to plain."""
    return guarded(next_hint, exercise)


def reset(exercise: str) -> Reply:
    """Put the starter back into the workspace; what was there is kept aside."""
    return guarded(put_back, exercise)


def solution(exercise: str, sure: bool = False) -> Reply:
    """Show a solution; asks for ``sure=True`` while nothing has been tried."""
    return guarded(solve_surely if sure else solve, exercise)


def progress() -> table.Progress:
    """How far you are: exercises and quizzes, with points and tries."""
    return table.Progress()


def guarded(action: Callable[[Exercise], Reply], exercise: Exercise | str) -> Reply:
    """Do ``action``; a mistake or a disk that refuses becomes the reply."""
    try:
        return action(catalog.find(exercise) if isinstance(exercise, str) else exercise)
    except UsageError as error:
        return Reply(str(error), "problem")
    except OSError as error:
        return Reply(f"A file could not be read or written: {error.strerror}.", "problem")


def next_hint(exercise: Exercise) -> Reply:
    """The next hint for what failed last."""
    found = hints.next_hint(exercise)
    again = "" if found.is_new else " (You have seen this one; there are no more for this check.)"
    return Reply(f"Hint {found.number} of {found.total} ({found.title}): {found.text}{again}")


def ask_to_put_back(exercise: Exercise) -> Reply:
    return Reply(
        "Put the starter back into the workspace? Your present answer is kept aside.", ask="reset"
    )


def put_back(exercise: Exercise) -> Reply:
    """The starter goes to the workspace; the cell keeps its text until it is changed."""
    kept = workspace.reset(exercise)
    aside = f" What was there is kept in {kept}." if kept else ""
    return Reply(
        f"The starter of {exercise.id} is back in the workspace.{aside} An answer cell saves its "
        "own text again when it runs; here is the starter to copy.",
        "done",
        tuple(exercise.starter.items()),
    )


def solve(exercise: Exercise) -> Reply:
    """The solution, or a question while nothing has been tried."""
    if not store.progress(exercise.id).attempts:
        return Reply(
            "You have not tried yet, and a try with a hint teaches more than a solution. Show it "
            f'all the same? (In a cell: solution("{exercise.id}", sure=True))',
            ask="solution",
        )
    return solve_surely(exercise)


def solve_surely(exercise: Exercise) -> Reply:
    return Reply(
        f"One way to solve {exercise.id}; others are as good. Nothing was written to your answer.",
        files=tuple(exercise.solved.items()),
    )
