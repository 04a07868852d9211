"""What the checks of an exercise declare: ids, titles, reasons, points and hints.

Read from the source of ``grader/checks/<section>/test_<exercise>.py`` without running it, so that
listing the course costs milliseconds and needs no engine. Everything declared is a literal; a
test proves that pytest sees the same.
"""

from __future__ import annotations

import ast
import inspect
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_parsing = threading.Lock()
"""Python 3.11 counts the depth of all threads' syntax trees together: two at once may end in a
SystemError, "AST constructor recursion depth mismatch"."""


@dataclass(frozen=True)
class CheckSpec:
    """One check as declared: ``title`` is its docstring's first line, ``why`` the rest."""

    id: str
    title: str
    why: str
    points: float
    hints: tuple[str, ...]
    expects: str
    advice: bool


def read(path: Path) -> tuple[CheckSpec, ...]:
    """The checks of one module in the order they run. Raises OSError, SyntaxError, ValueError."""
    with _parsing:
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    functions = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    return tuple(_spec(function) for function in functions)


def _spec(function: ast.FunctionDef) -> CheckSpec:
    marks = dict(_mark(decorator) for decorator in function.decorator_list)
    title, why = split_docstring(ast.get_docstring(function) or "")
    if not title:
        raise ValueError(f"{function.name} has no docstring: it is what the learner reads")
    advice = "advice" in marks
    return CheckSpec(
        id=function.name.removeprefix("test_"),
        title=title,
        why=why,
        points=0.0 if advice else float(marks.get("points", (1,))[0]),
        hints=tuple(marks.get("hint", ())),
        expects=str(marks.get("expects", ("",))[0]),
        advice=advice,
    )


def of_function(item: Any) -> CheckSpec:
    """The same, of a check that pytest has collected (a ``pytest.Function``)."""

    def argument(name: str, default: Any) -> Any:
        marker = item.get_closest_marker(name)
        return marker.args if marker else default

    title, why = split_docstring(item.function.__doc__ or "")
    advice = item.get_closest_marker("advice") is not None
    return CheckSpec(
        id=item.name.removeprefix("test_"),
        title=title,
        why=why,
        points=0.0 if advice else float(argument("points", (1,))[0]),
        hints=tuple(argument("hint", ())),
        expects=str(argument("expects", ("",))[0]),
        advice=advice,
    )


def _mark(decorator: ast.expr) -> tuple[str, tuple[Any, ...]]:
    call = decorator if isinstance(decorator, ast.Call) else None
    target = call.func if call else decorator
    if not isinstance(target, ast.Attribute):
        return "", ()
    return target.attr, tuple(ast.literal_eval(arg) for arg in call.args) if call else ()


def split_docstring(text: str) -> tuple[str, str]:
    """Title (without its full stop) and reason, each on one line."""
    title, _, why = inspect.cleandoc(text).partition("\n\n")
    return " ".join(title.split()).removesuffix("."), " ".join(why.split())
