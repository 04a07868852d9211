"""Judges an answer to a quiz question and says why, wrong answers each in their own words.

An answer comes from the browser, so it may be anything that JSON can be: what doesn't make sense
is told kindly and counts as not yet answered.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.notebook import command_line, typed
from grader.notebook.question import Question

_NUMBER = re.compile(r"([-+]?[\d_]*[.,]?\d+(?:e[-+]?\d+)?)\s*([a-zA-Z%µ]*)\.?$")
_UNITS: Mapping[str, tuple[str, ...]] = {
    "megabyte": ("mb", "m", "megabyte", "megabytes"),
    "mib": ("mib", "mb", "m", "mebibytes"),
    "gib": ("gib", "gb", "g"),
    "second": ("s", "sec", "second", "seconds"),
    "minute": ("min", "minute", "minutes"),
    "cpu": ("cpu", "cpus"),
    "percent": ("%", "percent"),
    "probe": ("probes", "probe"),
    "time": ("times",),
}


@dataclass(frozen=True)
class Verdict:
    """``right`` is None when there was nothing to judge. ``notes`` are about single options."""

    right: bool | None
    text: str
    notes: tuple[tuple[int, str], ...] = ()
    """(index of the option in the quiz file, explanation)."""


def judge(question: Question, answer: Any) -> Verdict:
    """The verdict on ``answer``: an index, a list of indices, a number as text or a command."""
    match question.kind:
        case "single":
            return _single(question, answer)
        case "several":
            return _several(question, answer)
        case "number":
            return _number(question, answer)
        case "order":
            return _order(question, answer)
    return _command(question, answer)


def shuffled(question: Question, learner: str = "") -> list[int]:
    """The options' indices in the order shown: mixed, for each ``learner`` in an order of their own
    that stays the same; steps to be put in order are never already right."""
    order = list(range(len(question.options)))
    random.Random(f"{learner}{question.id}").shuffle(order)  # noqa: S311 - mixed, not secret
    if question.kind == "order" and order == sorted(order):
        order.reverse()
    return order


def _single(question: Question, answer: Any) -> Verdict:
    chosen = _indices(question, [answer])
    if len(chosen) != 1:
        return Verdict(None, "Choose one of the answers first.")
    option = question.options[chosen[0]]
    return Verdict(option.right, option.why)


def _several(question: Question, answer: Any) -> Verdict:
    chosen = set(_indices(question, answer))
    if not chosen:
        return Verdict(None, "Choose at least one answer first.")
    wrong = [i for i, option in enumerate(question.options) if option.right != (i in chosen)]
    if not wrong:
        notes = tuple((i, option.why) for i, option in enumerate(question.options))
        return Verdict(True, question.why, notes)
    # Explaining a right option that was left out would give it away: those are only counted.
    missed = sum(question.options[i].right for i in wrong)
    notes = tuple((i, question.options[i].why) for i in wrong if i in chosen)
    said = [
        *([f"{len(notes)} of the chosen answers {_is(len(notes))} wrong"] if notes else []),
        *([f"{missed} right {_answer(missed)} still missing"] if missed else []),
    ]
    return Verdict(False, f"Not yet: {' and '.join(said)}.", notes)


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _answer(count: int) -> str:
    return "answer is" if count == 1 else "answers are"


def _number(question: Question, answer: Any) -> Verdict:
    written = _NUMBER.match(str(answer).strip())
    unit = written[2].lower() if written else ""
    if unit and unit not in _units(question.text):
        return Verdict(None, "Write the number alone, in the unit that the question asks for.")
    try:
        value = float(written[1].replace(",", ".").replace("_", "")) if written else float("nan")
    except ValueError:
        value = float("nan")
    if value != value:
        return Verdict(None, "That is not a number that can be read; write it with digits.")
    if abs(value - (question.answer or 0.0)) <= question.tolerance:
        return Verdict(True, question.why)
    for mistake in question.mistakes:
        if mistake.value is not None and abs(value - mistake.value) <= question.tolerance:
            return Verdict(False, mistake.why)
    return Verdict(False, question.otherwise)


def _units(text: str) -> set[str]:
    """The ways to write the units that a question's text names."""
    return {unit for word, units in _UNITS.items() if word in text.lower() for unit in units}


def _order(question: Question, answer: Any) -> Verdict:
    order = _indices(question, answer)
    if sorted(order) != list(range(len(question.options))):
        return Verdict(None, "Put all steps in an order first.")
    wrong = [place for place, index in enumerate(order) if place != index]
    if not wrong:
        notes = tuple((i, option.why) for i, option in enumerate(question.options))
        return Verdict(True, question.why, notes)
    index = order[wrong[0]]
    text = f"Up to step {wrong[0]} it is right" if wrong[0] else "The first step is another one"
    return Verdict(
        False, f"{text}. Look at this one again:", ((index, question.options[index].why),)
    )


def _command(question: Question, answer: Any) -> Verdict:
    try:
        given = command_line.parse(str(answer))
    except ValueError as error:
        return Verdict(None, str(error))
    try:
        if any(
            typed.same(given, str(answer), right, question.optional) for right in question.accepts
        ):
            return Verdict(True, question.why)
    except typed.Refused as refused:
        return Verdict(False, f"docker refuses this command: {refused}")
    for mistake in question.mistakes:
        if (mistake.has and given.has(mistake.has)) or (
            mistake.lacks and not given.has(mistake.lacks)
        ):
            return Verdict(False, mistake.why)
    return Verdict(False, question.otherwise)


def _indices(question: Question, answer: Any) -> Sequence[int]:
    if not isinstance(answer, list):
        return []
    return [item for item in answer if type(item) is int and 0 <= item < len(question.options)]
