"""The progress table: where one is, what to do next, and the way to every notebook."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from grader import store
from grader.exercise import project
from grader.exercise.catalog import Exercise
from grader.learner.overview import Overview
from grader.notebook import question
from grader.notebook.picture import COLOUR
from grader.notebook.question import Quiz
from grader.store import Progress as State
from grader.verdict.report import Status

_LINE = "border-bottom: 1px solid var(--jp-border-color2, #d0d7de)"
_CELL = f"text-align: left; padding: 4px 10px; {_LINE}"
_PLAIN_BAR = 10


class Progress:
    """Drawn when it is shown, so it is true at that moment."""

    def __repr__(self) -> str:
        overview = Overview.now()
        lines = []
        for section, exercises in _sections(overview):
            lines.append(_heading(section))
            for exercise, state in exercises:
                full = round(_PLAIN_BAR * state.best / exercise.max_points)
                bar = "#" * full + "." * (_PLAIN_BAR - full)
                lines.append(f"  {exercise.title:44} {bar} {_points(exercise, state)}")
            lines += [f"  Quiz: {_quiz(quiz)}" for quiz in _quizzes(section)]
        return "\n".join([*lines, "", _sum(overview), _next_words(overview)])

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html}

    @property
    def html(self) -> str:
        overview = Overview.now()
        rows = "".join(_section(section, exercises) for section, exercises in _sections(overview))
        return (
            f'<p style="margin: 4px 0"><strong>{_sum(overview)}</strong> '
            f"{_bar(overview.earned, overview.maximum, 260)}</p>"
            f'<p style="margin: 4px 0 10px">{_next(overview)}</p>'
            f'<table style="border-collapse: collapse"><tbody>{rows}</tbody></table>'
        )


def _sections(overview: Overview) -> Iterator[tuple[str, list[tuple[Exercise, State]]]]:
    """Sections with an exercise or a quiz, in the course's order."""
    names = {exercise.section for exercise, _ in overview.done.values()}
    names |= {path.parent.name for path in project.EXERCISES.glob(f"*/{question.FILE}")}
    for name in sorted(names):
        yield name, [pair for pair in overview.done.values() if pair[0].section == name]


def _section(section: str, exercises: list[tuple[Exercise, State]]) -> str:
    link = f'<a href="{escape(section)}.ipynb">{escape(_heading(section))}</a>'
    rows = [
        f'<tr><th colspan="4" scope="rowgroup" style="{_CELL}; padding-top: 12px">{link}</th></tr>'
    ]
    for exercise, state in exercises:
        rows.append(
            _row(
                _MARK[state.best >= exercise.max_points],
                escape(exercise.title),
                _bar(state.best, exercise.max_points, 110),
                escape(_points(exercise, state)),
            )
        )
    for quiz in _quizzes(section):
        right, count = _answered(quiz)
        rows.append(_row(_MARK[right == count], "Quiz", _bar(right, count, 110), _quiz(quiz)))
    return "".join(rows)


_WRITTEN = {"ci_cd": "CI/CD"}
_MARK = {True: "done", False: ""}


def _row(*cells: str) -> str:
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _bar(value: float, most: float, width: int) -> str:
    said = f"{value:g} of {most:g}"
    return (
        f'<progress max="{most:g}" value="{value:g}" title="{said}" '
        f'style="width: {width}px; height: 10px; accent-color: {COLOUR[Status.PASSED]}">'
        f"{said}</progress>"
    )


def _points(exercise: Exercise, state: State) -> str:
    points = f"{state.best:g} of {exercise.max_points:g} points"
    tries = {0: "not tried yet", 1: "1 answer tried"}
    return f"{points}, {tries.get(state.attempts, f'{state.attempts} answers tried')}"


def _sum(overview: Overview) -> str:
    return f"{overview.earned:g} of {overview.maximum:g} points"


def _next(overview: Overview) -> str:
    following = overview.following
    if following is None:
        return _next_words(overview)
    notebook = f"{escape(following.section)}.ipynb"
    return (
        f"Next: <strong>{escape(following.title)}</strong> "
        f'(about {following.minutes} minutes) in <a href="{notebook}">{notebook}</a>'
    )


def _next_words(overview: Overview) -> str:
    following = overview.following
    if following is None:
        return "Every exercise is solved."
    return f"Next: {following.title}, in {following.section}.ipynb"


def _heading(section: str) -> str:
    number, _, words = section.partition("_")
    return f"{number} {_WRITTEN.get(words) or words.replace('_', ' ').capitalize()}"


def _quizzes(section: str) -> Iterator[Quiz]:
    path = project.EXERCISES / section / question.FILE
    if path.is_file():
        yield question.load(path)


def _answered(quiz: Quiz) -> tuple[int, int]:
    known = {asked.id for asked in quiz.questions}
    return len(known & store.quiz_answered(quiz.section)), len(known)


def _quiz(quiz: Quiz) -> str:
    right, count = _answered(quiz)
    return f"{right} of {count} answered"
