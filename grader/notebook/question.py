"""The questions of a section's quiz: read from ``exercises/<section>/quiz.toml`` and validated.

Data only; ``judge.py`` judges answers and ``quiz.py`` shows questions. Five kinds: ``single`` and
``several`` (choices), ``number``, ``order`` and ``command``.
"""

from __future__ import annotations

import difflib
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from grader.exercise import project
from grader.notebook import command_line
from grader.verdict.outcome import UsageError

FILE = "quiz.toml"
KINDS = ("single", "several", "number", "order", "command")


@dataclass(frozen=True)
class Option:
    """One choice, or one step of an order; ``why`` explains this one, right or wrong."""

    text: str
    why: str
    right: bool = False


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that is worth an explanation of its own: a number, or a command that
    ``has`` or ``lacks`` an option or word."""

    why: str
    value: float | None = None
    has: str = ""
    lacks: str = ""


@dataclass(frozen=True)
class Question:
    """One question. Which fields count depends on ``kind``; ``why`` explains the right answer."""

    id: str
    kind: str
    text: str
    why: str = ""
    options: tuple[Option, ...] = ()
    """For ``order`` in the right order."""
    answer: float | None = None
    tolerance: float = 0.0
    accepts: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    """Options of a command that may be there or not."""
    mistakes: tuple[Mistake, ...] = ()
    otherwise: str = ""
    """What to say to a wrong number or command that no mistake describes."""
    receipt: str = ""
    """A command and what it really showed, offered with the right answer."""
    part: str = ""
    """The part of the section that it belongs to, where a section has several."""


@dataclass(frozen=True)
class Quiz:
    """The questions of one section."""

    section: str
    title: str
    questions: tuple[Question, ...]
    parts: Mapping[str, str] = field(default_factory=dict)
    """Titles of the parts by id, in their order; empty where the quiz is one piece."""

    def question(self, id: str) -> Question:
        """Raises KeyError for an unknown id."""
        return {question.id: question for question in self.questions}[id]

    def only(self, part: str) -> Quiz:
        """The questions of one part. Raises UsageError for one that isn't there."""
        if part not in self.parts:
            there = ", ".join(self.parts) or "none"
            raise UsageError(f"This quiz has no part called {part!r}; its parts: {there}.")
        chosen = tuple(question for question in self.questions if question.part == part)
        return replace(self, title=self.parts[part], questions=chosen)


def find(name: str, root: Path = project.EXERCISES) -> Quiz:
    """The quiz of a section, by ``security`` or ``01_security``. Raises UsageError."""
    paths = {path.parent.name: path for path in sorted(root.glob(f"*/{FILE}"))}
    short = {section.partition("_")[2]: section for section in paths}
    section = short.get(name, name)
    if section in paths:
        return load(paths[section])
    near = difflib.get_close_matches(name, [*short, *paths], n=1, cutoff=0.5)
    advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(short)}."
    raise UsageError(f"There is no quiz called {name!r}; {advice}")


def load(path: Path) -> Quiz:
    """Read one quiz. Raises ValueError with everything that is wrong with it, or OSError."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        quiz = Quiz(
            section=path.parent.name,
            title=data["title"],
            questions=tuple(_question(item) for item in data["question"]),
            parts=data.get("parts", {}),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from error
    wrong = list(problems(quiz))
    if wrong:
        raise ValueError(f"{path}: " + "; ".join(wrong))
    return quiz


def _question(item: Mapping[str, Any]) -> Question:
    fields: dict[str, Any] = dict(item)
    options = tuple(Option(**option) for option in fields.pop("option", ()))
    mistakes = tuple(Mistake(**mistake) for mistake in fields.pop("mistake", ()))
    for name in ("accepts", "optional"):
        fields[name] = tuple(fields.get(name, ()))
    return Question(**fields, options=options, mistakes=mistakes)


def problems(quiz: Quiz) -> Iterator[str]:
    """What an author has to mend, one sentence each."""
    counts = Counter(question.id for question in quiz.questions)
    yield from (f"two questions are called {id}" for id, count in counts.items() if count > 1)
    asked = {question.part for question in quiz.questions}
    if quiz.parts and asked != set(quiz.parts):
        yield f"parts and questions don't match: {', '.join(sorted(asked ^ set(quiz.parts)))}"
    for question in quiz.questions:
        yield from (f"{question.id}: {problem}" for problem in _problems(question))


def _problems(question: Question) -> Iterator[str]:
    if question.kind not in KINDS:
        yield f"there is no kind {question.kind!r}"
    if not question.text.strip():
        yield "the text is missing"
    if any(not option.text or not option.why for option in question.options):
        yield "each option needs a text and an explanation of its own"
    if any(not mistake.why for mistake in question.mistakes):
        yield "each mistake needs an explanation"
    if question.kind != "single" and not question.why:
        yield "the right answer needs an explanation (why)"
    right = sum(option.right for option in question.options)
    if question.kind == "single" and (right != 1 or len(question.options) < 3):
        yield "a single choice has three options or more, one of them right"
    if question.kind == "several" and (right < 1 or right == len(question.options)):
        yield "several choices have at least one right and one wrong option"
    if question.kind == "order" and len(question.options) < 3:
        yield "an order has three steps or more"
    if question.kind in ("number", "command") and not question.otherwise:
        yield "a wrong answer that nothing describes needs an explanation (otherwise)"
    if question.kind == "number" and question.answer is None:
        yield "the answer is missing"
    if question.kind == "command":
        if not question.accepts:
            yield "no command is accepted"
        for command in question.accepts:
            try:
                command_line.parse(command)
            except ValueError as error:
                yield f"{command!r}: {error}"
