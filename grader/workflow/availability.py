"""Which contexts and functions an expression may use where it stands.

https://docs.github.com/actions/reference/workflows-and-actions/contexts#context-availability
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from grader.workflow import expression
from grader.workflow.evaluate import FUNCTIONS, STATUS
from grader.workflow.expression import Call, Expression, Name
from grader.workflow.lexer import ExpressionError

OF_JOB = "github needs strategy matrix vars inputs"
OF_STEP = f"{OF_JOB} job runner env steps"


def of_env(holder: Mapping[str, Any], where: str, contexts: str) -> Iterator[str]:
    """What is wrong with an ``env``."""
    env = holder.get("env")
    if isinstance(env, dict):
        for key, value in env.items():
            if isinstance(value, (dict, list)):
                yield f"{where}: env, {str(key)[:40]} should be one value."
    elif env is not None:
        yield f"{where}: env should be a mapping."
    yield from faults(env, f"{where}, env", contexts)


def faults(value: Any, where: str, contexts: str, *, is_if: bool = False) -> Iterator[str]:
    """Judge every expression within a value."""
    if isinstance(value, dict):
        if is_if:
            yield f"{where} should be one condition."
        for each in value.values():
            yield from faults(each, where, contexts)
    elif isinstance(value, list):
        if is_if:
            yield f"{where} should be one condition."
        for each in value:
            yield from faults(each, where, contexts)
    elif isinstance(value, str):
        try:
            pieces: list[str | Expression] = []
            if value:
                pieces = [expression.condition(value)] if is_if else expression.template(value)
            for piece in pieces:
                if not isinstance(piece, str):
                    _judge(piece, frozenset(contexts.split()), is_if)
        except ExpressionError as error:
            yield f"{where}: {value.strip()[:80]!r} is no expression: {error}."


def _judge(piece: Expression, contexts: frozenset[str], is_if: bool) -> None:
    """Raises ExpressionError for names and functions that aren't there."""
    for part in expression.walk(piece):
        if isinstance(part, Name) and part.name.lower() not in contexts:
            raise ExpressionError(f"{part.name!r} isn't available there")
        if isinstance(part, Call):
            function = part.function.lower()
            least, most = FUNCTIONS.get(function, (-1, -1))
            if least < 0:
                raise ExpressionError(f"there is no function {part.function}()")
            if not least <= len(part.arguments) <= most:
                raise ExpressionError(f"{part.function}() takes another number of values")
            if function in STATUS and not is_if:
                raise ExpressionError(f"{part.function}() is for if only")
