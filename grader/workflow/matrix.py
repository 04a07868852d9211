"""The jobs that a matrix stands for."""

from __future__ import annotations

import itertools
from typing import Any

from grader.workflow.evaluate import Scope
from grader.workflow.lexer import ExpressionError
from grader.workflow.schema import MAX_MATRIX

MAX_LEGS = 16
"""How many jobs of one matrix are followed."""


def legs(scope: Scope, matrix: Any) -> list[dict[str, Any]]:
    """The combinations of a matrix. Raises ExpressionError when GitHub refuses it."""
    matrix = scope.whole(matrix)
    if not isinstance(matrix, dict):
        return [{}]
    axes = {}
    for name, values in matrix.items():
        if name not in ("include", "exclude"):
            values = scope.whole(values)
            axes[str(name)] = values if isinstance(values, list) and values else [values]
    count = 1
    for values in axes.values():
        count *= len(values)
    _bound(count)
    found = [dict(zip(axes, each, strict=True)) for each in itertools.product(*axes.values())]
    if not axes:
        found = []
    for each in _entries(scope, matrix.get("exclude")):
        found = [leg for leg in found if not each.items() <= leg.items()]
    added = []
    for each in _entries(scope, matrix.get("include")):
        fitting = [leg for leg in found if all(leg[k] == v for k, v in each.items() if k in axes)]
        for leg in fitting:
            leg |= each
        added += [] if fitting else [each]
    _bound(len(found) + len(added))
    return [*found, *added][:MAX_LEGS] or [{}]


def _bound(count: int) -> None:
    if count > MAX_MATRIX:
        raise ExpressionError(f"its matrix has {count} jobs, and GitHub runs at most {MAX_MATRIX}")


def _entries(scope: Scope, asked: Any) -> list[dict[str, Any]]:
    found = scope.whole(asked)
    if not isinstance(found, list):
        return []
    return [{str(k): v for k, v in each.items()} for each in found if isinstance(each, dict)]
