"""The parts of a shell script, as ``shell`` parses them and ``script`` follows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    text: str
    quoted: bool


@dataclass(frozen=True)
class Variable:
    """``${name}`` with what follows the name, such as ``:-default`` or ``::7``."""

    name: str
    operation: str
    quoted: bool


@dataclass(frozen=True)
class Substitution:
    """``$( )``, backquotes or ``<( )``: the output of commands."""

    body: Node
    source: str
    quoted: bool


@dataclass(frozen=True)
class Arithmetic:
    source: str
    quoted: bool


Part = Text | Variable | Substitution | Arithmetic
Word = tuple[Part, ...]


@dataclass(frozen=True)
class Redirect:
    """``2>file``: descriptor, operator and target; the text itself for ``<<`` and ``<<<``."""

    descriptor: str
    operator: str
    target: Word


@dataclass(frozen=True)
class Simple:
    """One command. ``assignments`` stand before it, or alone."""

    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    source: str


@dataclass(frozen=True)
class Pipeline:
    parts: tuple[Node, ...]
    negated: bool


@dataclass(frozen=True)
class AndOr:
    first: Node
    rest: tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Sequence:
    """Commands one after another; those with True run in the background."""

    items: tuple[tuple[Node, bool], ...]


@dataclass(frozen=True)
class If:
    branches: tuple[tuple[Node, Node], ...]
    otherwise: Node | None


@dataclass(frozen=True)
class Loop:
    condition: Node
    body: Node
    until: bool


@dataclass(frozen=True)
class For:
    name: str
    words: tuple[Word, ...]
    body: Node


@dataclass(frozen=True)
class Case:
    subject: Word
    arms: tuple[tuple[tuple[Word, ...], Node], ...]


@dataclass(frozen=True)
class Group:
    """``{ }`` or ``( )``, and any compound command with redirects of its own."""

    body: Node
    subshell: bool
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class Function:
    name: str
    body: Node


Node = Simple | Pipeline | AndOr | Sequence | If | Loop | For | Case | Group | Function


def commands(
    node: Node | None,
) -> Iterator[tuple[Simple, tuple[Simple, ...], tuple[Redirect, ...]]]:
    """Every simple command, wherever it stands: (command, what its output is piped into, the
    redirects of what it stands in)."""
    yield from _commands(node, (), ())


def _commands(
    node: Node | None, after: tuple[Simple, ...], outer: tuple[Redirect, ...]
) -> Iterator[tuple[Simple, tuple[Simple, ...], tuple[Redirect, ...]]]:
    inner: list[Node | None] = []
    match node:
        case Simple():
            yield node, after, outer
            for word in (*node.words, *(value for _, value in node.assignments)):
                for part in word:
                    if isinstance(part, Substitution):
                        captured = Redirect("1", "$()", ())
                        yield from _commands(part.body, (), (captured,))
        case Pipeline(parts, _):
            for index, each in enumerate(parts):
                later = tuple(next_ for next_ in parts[index + 1 :] if isinstance(next_, Simple))
                yield from _commands(each, (*later, *after), outer)
        case AndOr(first, rest):
            inner = [first, *(each for _, each in rest)]
        case Sequence(items):
            inner = [each for each, _ in items]
        case If(branches, otherwise):
            inner = [*(each for branch in branches for each in branch), otherwise]
        case Loop(condition, body, _):
            inner = [condition, body]
        case For(_, _, body) | Function(_, body):
            inner = [body]
        case Case(_, arms):
            inner = [body for _, body in arms]
        case Group(body, _, redirects):
            yield from _commands(body, after, (*redirects, *outer))
    for within in inner:
        yield from _commands(within, after, outer)
