"""``quiz("security")``: a section's questions, live and as text.

The live part is a form of native controls (``quiz.js``), because those bring the names, groups
and keys that screen readers and keyboards need; answers are judged here, in the kernel, so the
page never holds them. The same questions stand below as plain HTML, shown where the form is not
live: in a saved notebook, an untrusted one, on paper.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import display

from grader import store
from grader.notebook import question as questions
from grader.notebook.judge import Verdict, judge, shuffled
from grader.notebook.message import say
from grader.notebook.prose import with_code
from grader.notebook.question import Question, Quiz
from grader.notebook.widget import place
from grader.store import order
from grader.verdict.outcome import UsageError
from grader.verdict.text import clean

_HERE = Path(__file__).parent


class QuizForm(anywidget.AnyWidget):
    """The live form of one quiz; ``content`` is what the page may know."""

    _esm = _HERE / "quiz.js"
    _css = _HERE / "form.css"
    content = traitlets.Dict().tag(sync=True)

    def __init__(self, quiz: Quiz, answered: frozenset[str]) -> None:
        self._quiz = quiz
        super().__init__(content=content(quiz, answered, order.of_learner()))
        self.on_msg(self._answer)

    def _answer(self, widget: Any, message: Any, buffers: Any) -> None:
        try:
            asked = self._quiz.question(message["question"])
        except (KeyError, TypeError):
            return
        verdict = judge(asked, message.get("answer"))
        if verdict.right is not None:
            store.record_quiz(self._quiz.section, asked.id, verdict.right)
        self.send(reply(asked, verdict))


def quiz(section: str, part: str = "") -> None:
    """Show the quiz of a section (``"security"`` or ``"01_security"``), or one part of it."""
    try:
        chosen = questions.find(section)
        if part:
            chosen = chosen.only(part)
    except UsageError as error:
        say(str(error), "problem")
        return
    place(QuizForm(chosen, store.quiz_answered(chosen.section)))
    page = static(chosen, order.of_learner())
    display({"text/html": page, "text/plain": f"Quiz: {chosen.title}"}, raw=True)


def content(quiz: Quiz, answered: frozenset[str], learner: str = "") -> dict[str, Any]:
    """Everything that the form shows, and nothing of what is right; ``learner`` mixes options."""
    return {
        "title": quiz.title,
        "questions": [
            {
                "id": question.id,
                "kind": question.kind,
                "html": html(question.text),
                "options": [
                    {"index": index, "html": inline(question.options[index].text)}
                    for index in shuffled(question, learner)
                ],
                "answered": question.id in answered,
            }
            for question in quiz.questions
        ],
    }


def reply(question: Question, verdict: Verdict) -> dict[str, Any]:
    """What the form is told after an answer."""
    receipt = question.receipt if verdict.right else ""
    return {
        "question": question.id,
        "right": verdict.right,
        "html": html(verdict.text),
        "notes": [
            {"title": inline(question.options[index].text), "html": inline(note)}
            for index, note in verdict.notes
        ],
        "receipt": f"<pre>{escape(clean(receipt.strip()))}</pre>" if receipt else "",
    }


def static(quiz: Quiz, learner: str = "") -> str:
    """The questions as plain HTML, without answers."""
    parts = []
    for number, question in enumerate(quiz.questions, 1):
        options = "".join(
            f"<li>{inline(question.options[index].text)}</li>"
            for index in shuffled(question, learner)
        )
        parts.append(
            f'<div style="margin: 10px 0">{html(f"{number}. {question.text}")}'
            f"{f'<ul>{options}</ul>' if options else ''}</div>"
        )
    return (
        '<div class="drydock-quiz-text" style="padding: 4px 12px; max-width: 860px">'
        f"<p><strong>{inline(quiz.title)}</strong> (run the cell above to answer)</p>"
        f"{''.join(parts)}</div>"
    )


def html(text: str) -> str:
    """Paragraphs; one that starts with ``$ `` or four spaces is shown as typed."""
    blocks = re.split(r"\n\s*\n", text.strip("\n"))
    return "".join(
        f"<pre>{escape(clean(block))}</pre>"
        if block.startswith(("$ ", "    "))
        else f"<p>{inline(' '.join(block.split()))}</p>"
        for block in blocks
        if block.strip()
    )


def inline(text: str) -> str:
    """Escaped text with `code` between backticks."""
    return with_code(escape(clean(text), quote=False))
