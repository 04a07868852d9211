"""The quizzes: every one of the course is sound, and answers are judged as they should be."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.exercise import project
from grader.notebook import question, quiz
from grader.notebook.judge import judge, shuffled
from grader.notebook.question import Mistake, Option, Question, Quiz
from grader.verdict.outcome import UsageError

QUIZZES = sorted(project.EXERCISES.glob("*/quiz.toml"))


@pytest.mark.parametrize("path", QUIZZES, ids=lambda path: path.parent.name)
def test_quiz_of_the_course_is_sound(path: Path) -> None:
    """Known kinds, a right answer, an explanation for each option, no id twice."""
    assert len(question.load(path).questions) >= 4


@pytest.mark.parametrize("path", QUIZZES, ids=lambda path: path.parent.name)
def test_right_answers_are_judged_right_and_explained(path: Path) -> None:
    """What the author calls right has to be reachable through the form."""
    for asked in question.load(path).questions:
        for answer in right_answers(asked):
            verdict = judge(asked, answer)
            assert verdict.right is True, f"{asked.id}: {answer!r}"
            assert verdict.text


@pytest.mark.parametrize("path", QUIZZES, ids=lambda path: path.parent.name)
def test_order_is_never_shown_solved(path: Path) -> None:
    for asked in question.load(path).questions:
        if asked.kind == "order":
            assert judge(asked, shuffled(asked)).right is False


def test_options_have_an_order_of_their_own_for_each_learner() -> None:
    """The right one stands in every place for somebody, and always in the same for one."""
    asked = next(
        each for path in QUIZZES for each in question.load(path).questions if each.kind == "single"
    )
    right = next(index for index, option in enumerate(asked.options) if option.right)
    places = {shuffled(asked, f"learner {number}").index(right) for number in range(60)}
    assert places == set(range(len(asked.options)))
    assert shuffled(asked, "a") == shuffled(asked, "a")


TYPED = [
    (id, answer, kind == "right")
    for id, kinds in tomllib.loads(Path(__file__).with_name("typed.toml").read_text()).items()
    for kind, answers in kinds.items()
    for answer in answers
]


@pytest.mark.parametrize(("id", "answer", "right"), TYPED)
def test_typed_answer_is_judged_by_what_it_would_do(id: str, answer: str, right: bool) -> None:
    asked = {each.id: each for path in QUIZZES for each in question.load(path).questions}
    assert judge(asked[id], answer).right is right


def test_a_command_that_docker_refuses_is_answered_in_its_words() -> None:
    asked = {each.id: each for path in QUIZZES for each in question.load(path).questions}
    said = judge(asked["no_swap"], "docker run -d --rm --restart always -m 256m scorer").text
    assert "docker refuses this command: conflicting options" in said


@pytest.mark.parametrize("path", QUIZZES, ids=lambda path: path.parent.name)
def test_page_holds_no_answers(path: Path) -> None:
    """Explanations and right answers stay in the kernel until somebody answers."""
    loaded = question.load(path)
    page = json.dumps(quiz.content(loaded, frozenset())) + quiz.static(loaded)
    for asked in loaded.questions:
        for why in (asked.why, *(option.why for option in asked.options)):
            assert not why or quiz.inline(why)[:40] not in page


def right_answers(asked: Question) -> list[Any]:
    right = [index for index, option in enumerate(asked.options) if option.right]
    match asked.kind:
        case "single":
            return [right[0]]
        case "several":
            return [right, right[::-1]]
        case "order":
            return [list(range(len(asked.options)))]
        case "number":
            return [str(asked.answer), f" {asked.answer} "]
    return list(asked.accepts)


SEVERAL = Question(
    id="s",
    kind="several",
    text="?",
    why="because",
    options=(Option("a", "why a", True), Option("b", "why b"), Option("c", "why c", True)),
)
NUMBER = Question(
    id="n",
    kind="number",
    text="?",
    why="because",
    answer=10.5,
    tolerance=0.1,
    mistakes=(Mistake("half", value=5),),
    otherwise="no",
)
COMMAND = Question(
    id="c",
    kind="command",
    text="?",
    why="because",
    accepts=("docker run --rm web",),
    optional=("--detach",),
    mistakes=(Mistake("leaves it behind", lacks="--rm"), Mistake("too much", has="--privileged")),
    otherwise="no",
)


@pytest.mark.parametrize(
    ("asked", "answer", "right", "text"),
    [
        (SEVERAL, [0, 2], True, "because"),
        (SEVERAL, [0], False, "1 right answer is still missing"),
        (SEVERAL, [0, 1], False, "1 of the chosen answers is wrong"),
        (SEVERAL, [], None, "at least one"),
        (NUMBER, "10,45", True, "because"),
        (NUMBER, "5", False, "half"),
        (NUMBER, "7", False, "no"),
        (NUMBER, "ten", None, "not a number"),
        (NUMBER, "nan", None, "not a number"),
        (COMMAND, "docker run -d --rm web", True, "because"),
        (COMMAND, "docker run web", False, "leaves it behind"),
        (COMMAND, "docker run --rm --privileged web", False, "too much"),
        (COMMAND, "docker run --rm other", False, "no"),
        (COMMAND, "docker run 'web", None, "quotation mark"),
    ],
)
def test_verdict(asked: Question, answer: Any, right: bool | None, text: str) -> None:
    verdict = judge(asked, answer)
    assert verdict.right is right
    assert text in verdict.text


def test_left_out_right_option_is_not_given_away() -> None:
    assert judge(SEVERAL, [0, 1]).notes == ((1, "why b"),)


@pytest.mark.parametrize("asked", [SEVERAL, NUMBER, COMMAND])
@pytest.mark.parametrize("answer", [None, True, {}, [[0]], ["0"], 10**400, "\x00", [99], -1])
def test_nonsense_from_the_browser_is_never_right_and_never_raises(
    asked: Question, answer: Any
) -> None:
    assert judge(asked, answer).right is not True


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (Question("q", "guess", "?"), "there is no kind"),
        (Question("q", "single", "?", options=(Option("a", "b", True),)), "three options"),
        (Question("q", "several", "?", "w", options=(Option("a", ""),)), "explanation of its own"),
        (Question("q", "number", "?", "w", otherwise="o"), "the answer is missing"),
        (Question("q", "command", "?", "w", otherwise="o"), "no command is accepted"),
        (Question("q", "command", "?", "w", accepts=("'",), otherwise="o"), "quotation mark"),
    ],
)
def test_unsound_question_is_told_to_its_author(asked: Question, problem: str) -> None:
    assert problem in "; ".join(question.problems(Quiz("s", "t", (asked,))))


def test_same_id_twice_is_told_to_the_author() -> None:
    twice = Quiz("s", "t", (NUMBER, NUMBER))
    assert "two questions are called n" in list(question.problems(twice))


def test_part_shows_its_own_questions_under_its_own_title() -> None:
    """A notebook of several topics asks after each; answers are kept for the whole section."""
    pair = (replace(NUMBER, part="one"), replace(COMMAND, part="two"))
    whole = Quiz("s", "t", pair, {"one": "First", "two": "Second"})
    assert list(question.problems(whole)) == []
    assert whole.only("two") == replace(whole, title="Second", questions=pair[1:])
    with pytest.raises(UsageError, match="its parts: one, two"):
        whole.only("three")


def test_part_without_a_title_is_told_to_the_author() -> None:
    lost = Quiz("s", "t", (replace(NUMBER, part="one"), COMMAND), {"one": "First", "two": "Second"})
    assert any("two" in problem for problem in question.problems(lost))


def test_unknown_section_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'security'"):
        question.find("securty")


def test_text_is_escaped_before_code_is_marked() -> None:
    assert quiz.inline("<b> `a<b` &") == "&lt;b&gt; <code>a&lt;b</code> &amp;"
