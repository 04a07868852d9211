"""The value of an expression in given contexts, by GitHub's rules.

Where a value isn't known and decides something, ``choose`` is asked: the run is then told once for
each answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grader.workflow import unknown
from grader.workflow.expression import (
    Call,
    Expression,
    Index,
    Literal,
    Name,
    Operation,
    Star,
    condition,
    template,
    walk,
)
from grader.workflow.lexer import ExpressionError
from grader.workflow.value import (
    Value,
    as_number,
    as_text,
    formatted,
    from_json,
    joined,
    to_json,
)

STATUS = frozenset({"success", "failure", "always", "cancelled"})
FUNCTIONS = {
    "contains": (2, 2),
    "startswith": (2, 2),
    "endswith": (2, 2),
    "format": (1, 99),
    "join": (1, 2),
    "tojson": (1, 1),
    "fromjson": (1, 1),
    "hashfiles": (1, 99),
    "case": (3, 99),
    "success": (0, 99),
    "failure": (0, 99),
    "always": (0, 0),
    "cancelled": (0, 0),
}
"""The functions there are, with how many arguments they take."""


@dataclass(frozen=True)
class Scope:
    """What an expression can see, and how far the job or workflow has come."""

    contexts: Mapping[str, Value]
    choose: Callable[[str], bool]
    succeeded: bool = True
    failed: bool = False

    def text(self, source: str) -> str:
        """A text with its ``${{ }}`` replaced. Raises ExpressionError."""
        pieces = template(source)
        return joined(
            piece if isinstance(piece, str) else as_text(self.value(piece)) for piece in pieces
        )

    def whole(self, source: Value) -> Value:
        """A value that may be one expression as a whole, which then keeps its type."""
        if not isinstance(source, str):
            return source
        pieces = template(source.strip()) if "${{" in source else []
        if len(pieces) == 1 and not isinstance(pieces[0], str):
            return self.value(pieces[0])
        return self.text(source)

    def holds(self, source: object) -> bool:
        """Whether an ``if`` lets its step or job run; ``success()`` is implied."""
        if source is None or source == "":
            return self.succeeded
        found = condition(source if isinstance(source, str) else as_text(source))
        implied = not any(
            isinstance(each, Call) and each.function.lower() in STATUS for each in walk(found)
        )
        if implied and not self.succeeded:
            return False
        return self.truth(self.value(found))

    def truth(self, value: Value) -> bool:
        if isinstance(value, str):
            empty = unknown.is_empty(value)
            return self.choose(f"{unknown.shown(value)} is set") if empty is None else not empty
        if isinstance(value, float):
            return value != 0 and not math.isnan(value)
        return value is not None and value is not False

    def value(self, expression: Expression) -> Value:
        match expression:
            case Literal(value):
                return value
            case Name(name):
                return _member(self.contexts, name)
            case Index(target, key):
                return _indexed(self.value(target), self.value(key), isinstance(target, Star))
            case Star(target):
                return _values(self.value(target))
            case Call(function, arguments):
                return self._call(function.lower(), arguments)
            case Operation("!", (operand,)):
                return not self.truth(self.value(operand))
            case Operation("&&" | "||" as operator, operands):
                found: Value = None
                for operand in operands:
                    found = self.value(operand)
                    if self.truth(found) == (operator == "||"):
                        break
                return found
            case Operation(operator, (left, right)):
                return self._compare(operator, self.value(left), self.value(right))
        raise ExpressionError("it can't be evaluated")

    def _compare(self, operator: str, left: Value, right: Value) -> bool:
        if operator in ("==", "!="):
            return self._same(left, right) == (operator == "==")
        if left is right and isinstance(left, (list, Mapping)):
            return operator in ("<=", ">=")
        if isinstance(left, str) and isinstance(right, str):
            pair: tuple[Any, Any] = (left.casefold(), right.casefold())
        else:
            pair = (as_number(left), as_number(right))
        if any(isinstance(each, str) and not unknown.is_known(each) for each in (left, right)):
            return self.choose(f"{_said(left)} {operator} {_said(right)}")
        match operator:
            case "<":
                return bool(pair[0] < pair[1])
            case "<=":
                return bool(pair[0] <= pair[1])
            case ">":
                return bool(pair[0] > pair[1])
        return bool(pair[0] >= pair[1])

    def _same(self, left: Value, right: Value) -> bool:
        if isinstance(left, str) and isinstance(right, str):
            same = unknown.is_same(left, right)
            return self.choose(f"{_said(left)} == {_said(right)}") if same is None else same
        if isinstance(left, (list, dict)) or isinstance(right, (list, dict)):
            return left is right
        if type(left) is type(right):
            return bool(left == right)
        for each in (left, right):
            if isinstance(each, str) and not unknown.is_known(each):
                return self.choose(f"{_said(left)} == {_said(right)}")
        return as_number(left) == as_number(right)

    def _call(self, function: str, arguments: tuple[Expression, ...]) -> Value:
        match function:
            case "success":
                return self.succeeded
            case "failure":
                return self.failed
            case "always":
                return True
            case "cancelled":
                return False
            case "case":
                for test, value in zip(arguments[::2], arguments[1::2], strict=False):
                    if self.truth(self.value(test)):
                        return self.value(value)
                return self.value(arguments[-1]) if len(arguments) % 2 else None
        values = [self.value(argument) for argument in arguments]
        if function == "hashfiles":
            return unknown.mark(f"hash of {joined(map(as_text, values), ', ')}", unknown.SOME)
        if function == "contains" and isinstance(values[0], list):
            return any(self._same(each, values[1]) for each in values[0])
        if function in ("contains", "startswith", "endswith"):
            return self._within(function, as_text(values[0]), as_text(values[1]))
        if function == "format":
            return formatted(as_text(values[0]), values[1:])
        if function == "join":
            items = values[0] if isinstance(values[0], list) else [values[0]]
            return joined(map(as_text, items), as_text(values[1]) if len(values) > 1 else ",")
        if function == "tojson":
            return to_json(values[0])
        if function == "fromjson":
            return from_json(as_text(values[0]))
        raise ExpressionError(f"there is no function {function}()")

    def _within(self, function: str, text: str, part: str) -> bool:
        if not (unknown.is_known(text) and unknown.is_known(part)):
            return self.choose(f"{function}({_said(text)}, {_said(part)})")
        text, part = text.casefold(), part.casefold()
        if function == "contains":
            return part in text
        return text.startswith(part) if function == "startswith" else text.endswith(part)


class Open(dict[str, Value]):
    """A context of which only GitHub knows all values; the others stand for themselves."""

    def __init__(self, name: str, kind: str, known: Mapping[str, Value] | None = None) -> None:
        super().__init__(known or {})
        self._name, self._kind = name, kind

    def look_up(self, key: str) -> str:
        return unknown.mark(f"{self._name}.{key}", self._kind)


def _said(value: Value) -> str:
    return unknown.shown(value) if isinstance(value, str) else as_text(value)


def _member(container: Mapping[str, Value], name: str) -> Value:
    lowered = name.lower()
    for key, value in container.items():
        if as_text(key).lower() == lowered:
            return value
    return container.look_up(name) if isinstance(container, Open) else None


def _indexed(target: Value, key: Value, filtered: bool) -> Value:
    if filtered and isinstance(target, list):
        found = [_indexed(each, key, False) for each in target]
        return [each for each in found if each is not None]
    if isinstance(target, str) and not unknown.is_known(target):
        return unknown.mark(joined((target, as_text(key)), "."))
    if isinstance(target, Mapping):
        return _member(target, as_text(key))
    if isinstance(target, list):
        at = as_number(key)
        return target[int(at)] if at >= 0 and at < len(target) else None
    return None


def _values(target: Value) -> list[Value]:
    if isinstance(target, Mapping):
        return list(target.values())
    return target if isinstance(target, list) else []
