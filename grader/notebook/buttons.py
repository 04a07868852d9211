"""The live buttons under a result card: Hint, Reset and Solution.

They exist while the kernel does. In a saved or untrusted notebook they are not shown, and the
card above them holds everything that matters. What the buttons do is ``commands.py``'s.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython import get_ipython

from grader.exercise.catalog import Exercise
from grader.notebook import commands
from grader.notebook.widget import place

_HERE = Path(__file__).parent


class Buttons(anywidget.AnyWidget):
    """A row of buttons for one exercise; ``labels`` maps an action to the button's text."""

    _esm = _HERE / "buttons.js"
    _css = _HERE / "form.css"
    labels = traitlets.Dict().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)

    def __init__(self, exercise: Exercise) -> None:
        self._exercise = exercise
        super().__init__(
            name=exercise.title,
            labels={"hint": "Hint", "reset": "Reset", "solution": "Solution"},
        )
        self.on_msg(self._act)

    def _act(self, widget: Any, message: Any, buffers: Any) -> None:
        actions: dict[tuple[str, bool], Callable[[Exercise], commands.Reply]] = {
            ("hint", False): commands.next_hint,
            ("reset", False): commands.ask_to_put_back,
            ("reset", True): commands.put_back,
            ("solution", False): commands.solve,
            ("solution", True): commands.solve_surely,
        }
        asked = message if isinstance(message, dict) else {}
        action = actions.get((str(asked.get("action")), asked.get("sure") is True))
        if action:
            reply = commands.guarded(action, self._exercise)
            self.send({"html": reply.html, "ask": reply.ask})


def offer(exercise: Exercise) -> None:
    """Show the buttons below what the current cell shows, as soon as that is shown."""
    shell = get_ipython()
    if shell is None:
        return

    def show(*_: object) -> None:
        shell.events.unregister("post_run_cell", show)
        place(Buttons(exercise))

    shell.events.register("post_run_cell", show)
