"""``%%answer EXERCISE FILE``: the cell's other lines become that file of the workspace.

The names are judged here, with the nearest right ones in the message; the writing is
``grader.learner.workspace``'s. Nothing of the cell is executed.
"""

from __future__ import annotations

import difflib
from pathlib import PurePosixPath

from IPython.core.magic import no_var_expand

from grader.answer.submission import MAGIC, split_magic
from grader.exercise import catalog
from grader.exercise.catalog import Exercise
from grader.learner import workspace
from grader.notebook.message import say
from grader.verdict.outcome import UsageError


@no_var_expand  # type: ignore[untyped-decorator]
def answer(line: str, cell: str) -> None:
    """The magic itself: save the cell or say in one box why not."""
    try:
        say(save(f"{MAGIC} {line}\n{cell}"), "done")
    except UsageError as error:
        say(str(error), "problem")
    except OSError as error:
        say(f"The answer could not be saved: {error.strerror}.", "problem")


def save(source: str) -> str:
    """Write an answer cell to the workspace; return a line for the learner.

    Raises UsageError for names that can't be meant, OSError when writing fails.
    """
    parts = split_magic(source)
    if parts is None:
        raise UsageError(f"An answer cell starts with: {MAGIC} EXERCISE FILE")
    exercise_name, file_name, text = parts
    exercise = catalog.find(exercise_name)
    check_name(exercise, file_name)
    workspace.write_answer(exercise, file_name, text)
    count = len(text.splitlines()) if text.strip() else 0
    lines = f"{count} line" if count == 1 else f"{count} lines"
    return f'{file_name} saved ({lines}); run grade("{exercise.id}") to see what it does.'


def check_name(exercise: Exercise, name: str) -> None:
    """Raises UsageError, with what would be right, unless ``name`` is an answer file."""
    if name in exercise.answers:
        return
    mine = " and ".join(exercise.answers)
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise UsageError(
            f"{name!r} points outside the exercise. Your part of {exercise.id} is {mine}."
        )
    if name in exercise.given:
        raise UsageError(
            f"{name} comes with the exercise and can't be replaced. "
            f"Your part of {exercise.id} is {mine}."
        )
    folded = {known.casefold(): known for known in exercise.answers}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    advice = f"did you mean {folded[near[0]]}?" if near else f"your part is {mine}."
    raise UsageError(f"{exercise.id} has no answer file called {name!r}; {advice}")
