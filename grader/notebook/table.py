"""The progress table: exercises with points and tries, quizzes with questions answered."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from grader import catalog, project, store
from grader.notebook import question
from grader.notebook.question import Quiz

Row = tuple[str, str, str, str]
HEAD: Row = ("Section", "What", "Best", "Answers tried")


class Progress:
    """Drawn when it is shown, so it is true at that moment."""

    def __repr__(self) -> str:
        rows = [HEAD, *rows_now()]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html}

    @property
    def html(self) -> str:
        head = "".join(f'<th scope="col" style="text-align: left">{cell}</th>' for cell in HEAD)
        body = "".join(
            "<tr>"
            + "".join(f'<td style="text-align: left">{escape(cell)}</td>' for cell in row)
            + "</tr>"
            for row in rows_now()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def rows_now() -> Iterator[Row]:
    """The course's sections in order: each with its exercises, then its quiz."""
    exercises = catalog.discover().values()
    paths = sorted(project.EXERCISES.glob(f"*/{question.FILE}"))
    quizzes = {path.parent.name: question.load(path) for path in paths}
    for section in sorted({exercise.section for exercise in exercises} | set(quizzes)):
        for exercise in exercises:
            if exercise.section == section:
                so_far = store.progress(exercise.id)
                best = f"{so_far.best:g} of {exercise.max_points:g} points"
                yield section, exercise.title, best, str(so_far.attempts)
        if section in quizzes:
            yield section, "Quiz", _quiz(quizzes[section]), ""


def _quiz(quiz: Quiz) -> str:
    known = {asked.id for asked in quiz.questions}
    right = len(known & store.quiz_answered(quiz.section))
    return f"{right} of {len(known)} answered"
