"""GitHub's expression language, parsed: what stands between ``${{`` and ``}}``.

https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.workflow.lexer import ExpressionError, number, spans, tokens

MAX_LENGTH = 21_000
MAX_DEPTH = 50
"""GitHub's own bounds."""
MAX_TOKENS = 400


@dataclass(frozen=True)
class Literal:
    value: bool | float | str | None


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Index:
    target: Expression
    key: Expression


@dataclass(frozen=True)
class Star:
    """The object filter ``.*``: all values of an object or list."""

    target: Expression


@dataclass(frozen=True)
class Call:
    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Operation:
    operator: str
    operands: tuple[Expression, ...]


Expression = Literal | Name | Index | Star | Call | Operation

_WORDS: dict[str, bool | float | None] = {
    "null": None,
    "true": True,
    "false": False,
    "NaN": float("nan"),
    "Infinity": float("inf"),
}
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="))
"""Operators from the loosest to the tightest; ``!`` binds tighter than all of them."""


def parse(text: str) -> Expression:
    """Raises ExpressionError."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"it is longer than {MAX_LENGTH} characters")
    parser = _Parser(list(tokens(text)))
    if len(parser.tokens) > MAX_TOKENS:
        raise ExpressionError(f"it has more than {MAX_TOKENS} words and signs")
    found = parser.operation(0, 0)
    if parser.at < len(parser.tokens):
        raise ExpressionError(f"{parser.peek!r} isn't expected there")
    return found


def template(text: str) -> list[str | Expression]:
    """A text with ``${{ }}`` in it, in pieces. Raises ExpressionError."""
    pieces: list[str | Expression] = []
    end = 0
    for start, stop, inner in spans(text):
        if start > end:
            pieces.append(text[end:start])
        pieces.append(parse(inner))
        end = stop
    if end < len(text):
        pieces.append(text[end:])
    return pieces


def condition(text: str) -> Expression:
    """What an ``if`` holds: an expression with or without ``${{ }}`` around it, or text with
    expressions in it, which is then true as any text is. Raises ExpressionError."""
    stripped = text.strip()
    if "${{" not in stripped:
        return parse(stripped)
    pieces = template(stripped)
    if len(pieces) == 1 and not isinstance(pieces[0], str):
        return pieces[0]
    arguments = [Literal(piece) if isinstance(piece, str) else piece for piece in pieces]
    form = "".join(f"{{{index}}}" for index in range(len(arguments)))
    return Call("format", (Literal(form), *arguments))


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and all within it."""
    yield expression
    inner: tuple[Expression, ...] = ()
    if isinstance(expression, Index):
        inner = (expression.target, expression.key)
    elif isinstance(expression, Star):
        inner = (expression.target,)
    elif isinstance(expression, Call):
        inner = expression.arguments
    elif isinstance(expression, Operation):
        inner = expression.operands
    for each in inner:
        yield from walk(each)


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0

    @property
    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise ExpressionError(f"it ends too early{f': {expected} is missing' * bool(expected)}")
        token = self.tokens[self.at]
        if expected and token[1] != expected:
            raise ExpressionError(f"{token[1]!r} stands where {expected!r} should")
        self.at += 1
        return token

    def operation(self, level: int, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            raise ExpressionError("it is nested too deeply")
        if level == len(_LEVELS):
            return self.unary(depth)
        left = self.operation(level + 1, depth)
        while self.peek in _LEVELS[level] and self.tokens[self.at][0] == "sign":
            operator = self.take()[1]
            left = _joined(operator, left, self.operation(level + 1, depth))
        return left

    def unary(self, depth: int) -> Expression:
        if self.peek == "!":
            self.take()
            if depth > MAX_DEPTH:
                raise ExpressionError("it is nested too deeply")
            return Operation("!", (self.unary(depth + 1),))
        return self.postfix(depth)

    def postfix(self, depth: int) -> Expression:
        found = self.primary(depth)
        while self.peek in (".", "["):
            if self.take()[1] == ".":
                kind, word = self.take()
                if word == "*":
                    found = Star(found)
                elif kind == "word":
                    found = Index(found, Literal(word))
                else:
                    raise ExpressionError(f"{word!r} can't follow a dot")
            elif self.peek == "*" and self.tokens[self.at][0] == "sign":
                self.take()
                self.take("]")
                found = Star(found)
            else:
                found = Index(found, self.operation(0, depth + 1))
                self.take("]")
        return found

    def primary(self, depth: int) -> Expression:
        kind, text = self.take("a value" if self.at >= len(self.tokens) else "")
        if text == "(" and kind == "sign":
            found = self.operation(0, depth + 1)
            self.take(")")
            return found
        if kind == "number":
            try:
                return Literal(number(text))
            except ValueError as error:
                raise ExpressionError(f"a number is beyond 64 bits: {text[:40]}") from error
        if kind == "string":
            return Literal(text[1:-1].replace("''", "'"))
        if kind == "word":
            if self.peek == "(":
                return Call(text, self.arguments(depth + 1))
            return Literal(_WORDS[text]) if text in _WORDS else Name(text)
        raise ExpressionError(f"{text!r} isn't expected there")

    def arguments(self, depth: int) -> tuple[Expression, ...]:
        self.take("(")
        found: list[Expression] = []
        while self.peek != ")":
            if found:
                self.take(",")
            found.append(self.operation(0, depth))
        self.take(")")
        return tuple(found)


def _joined(operator: str, left: Expression, right: Expression) -> Operation:
    """A long chain of one logical operator is one flat operation."""
    flat = isinstance(left, Operation) and left.operator == operator and operator in ("&&", "||")
    if flat and isinstance(left, Operation):
        return Operation(operator, (*left.operands, right))
    return Operation(operator, (left, right))
