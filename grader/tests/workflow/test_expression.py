"""Expressions mean what GitHub says they mean.

The facts are those of https://docs.github.com/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import math

import pytest

from grader.workflow import unknown
from grader.workflow.evaluate import Scope
from grader.workflow.expression import parse
from grader.workflow.lexer import ExpressionError
from grader.workflow.value import Value

CONTEXTS = {
    "github": {"ref": "refs/heads/main", "event_name": "push", "actor": "Octocat"},
    "fruits": [{"name": "apple", "quantity": 1.0}, {"name": "pear", "quantity": 2.0}],
    "labels": ["Bug", "docs"],
    "empty": {},
}


def value(text: str, *, succeeded: bool = True) -> Value:
    return Scope(CONTEXTS, _never, succeeded, not succeeded).value(parse(text))


def _never(question: str) -> bool:
    raise AssertionError(f"everything is known here, and it asked whether {question}")


FACTS = {
    "1 == '1'": True,
    "'' == 0": True,
    "null == 0": True,
    "true == 1": True,
    "'abc' == 0": False,
    "null == ''": True,
    "'Main' == 'main'": True,
    "'a' < 'B'": True,
    "0xff == 255": True,
    "-2.99e-2 < 0": True,
    "fruits == fruits": True,
    "'it''s' == 'IT''S'": True,
    "!2 < 3": True,
    "3 < 2 < 1": True,
    "true || false && false": True,
    "(true || false) && false": False,
    "'a' && 'b'": "b",
    "'' || 'default'": "default",
    "github.ref == 'refs/heads/main' && 'yes' || 'no'": "yes",
    "GitHub.Event_Name": "push",
    "github['ref']": "refs/heads/main",
    "github.nothing": None,
    "github.nothing.at.all": None,
    "join(fruits.*.name, ', ')": "apple, pear",
    "join(fruits[*].quantity)": "1,2",
    "labels[1]": "docs",
    "labels[7]": None,
    "contains('Hello world', 'WORLD')": True,
    "contains(labels, 'bug')": True,
    "contains(labels, 'bu')": False,
    "startsWith('Hello', 'he')": True,
    "endsWith('Hello', 'LO')": True,
    "format('{{Hi}} {0} {1}', 'a', 'b')": "{Hi} a b",
    "fromJSON('{\"a\": [1, true]}').a[0] == 1": True,
    "toJSON(labels)": '[\n  "Bug",\n  "docs"\n]',
    "case(false, 'a', true, 'b', 'c')": "b",
    "success()": True,
    "failure()": False,
    "always()": True,
    "cancelled()": False,
}


@pytest.mark.parametrize(("text", "expected"), FACTS.items(), ids=list(FACTS))
def test_documented_facts(text: str, expected: Value) -> None:
    """Each is said in GitHub's reference, or follows from its tables."""
    assert value(text) == expected


FAILING = {
    f"fromJSON('{'9' * 400}')": "can't read",
    "fromJSON('[')": "can't read",
    "fromJSON('\"\\ud800\"')": "can't read",
    "fromJSON('\"\\ue000simage 1\\ue001\"')": "can't read",
}


@pytest.mark.parametrize(("text", "says"), FAILING.items(), ids=[text[:14] for text in FAILING])
def test_what_fails_only_when_it_is_evaluated(text: str, says: str) -> None:
    with pytest.raises(ExpressionError, match=says):
        value(text)


def test_text_that_is_no_number_equals_nothing() -> None:
    """It becomes NaN, and NaN isn't even smaller."""
    assert value("'abc' == 1") is False
    assert value("'abc' < 1") is False
    assert math.isnan(value("NaN"))
    assert value(f"'0x{'f' * 300}' == 1") is False


CONDITIONS = {
    "true": (True, False),
    "false": (False, False),
    "always()": (True, True),
    "failure()": (False, True),
    "!cancelled()": (True, True),
    "success() || failure()": (True, True),
    "github.event_name == 'push'": (True, False),
    "${{ github.event_name == 'push' }}": (True, False),
    "${{ github.event_name }} == 'pull_request'": (True, False),
    "": (True, False),
}


@pytest.mark.parametrize(("text", "expected"), CONDITIONS.items(), ids=list(CONDITIONS))
def test_success_is_implied(text: str, expected: tuple[bool, bool]) -> None:
    """(after success, after a failure): only a status function lifts ``success() &&``; text around
    an expression makes it true whatever it says."""
    found = tuple(Scope(CONTEXTS, _never, went, not went).holds(text) for went in (True, False))
    assert found == expected


REFUSED = {
    "github.": "ends too early",
    "'open": "can't be read",
    '"double"': "single quotes",
    "a b": "isn't expected",
    "(1": "ends too early",
    "a ? b : c": "can't be read",
    "(" * 90 + "1" + ")" * 90: "nested too deeply",
    "!" * 60 + "1": "nested too deeply",
    "a" + ".b" * 300: "more than 400",
    "x" * 22_000: "longer than 21000",
    "0x" + "f" * 300: "beyond 64 bits",
    "0o" + "7" * 400: "beyond 64 bits",
    "1" * 20_000 + "x": "can't be read",
}


@pytest.mark.parametrize(("text", "says"), REFUSED.items(), ids=[text[:9] for text in REFUSED])
def test_what_github_refuses_is_refused(text: str, says: str) -> None:
    """Malformed and hostile expressions get a sentence, quickly."""
    with pytest.raises(ExpressionError, match=says):
        parse(text)


def test_what_is_not_known_is_asked_and_never_guessed() -> None:
    """An output that only GitHub would know decides nothing by itself."""
    asked: list[str] = []

    def choose(question: str) -> bool:
        asked.append(question)
        return False

    contexts = {"steps": {"a": {"outputs": {"b": unknown.mark("steps.a.outputs.b")}}}}
    scope = Scope(contexts, choose)
    assert scope.holds("steps.a.outputs.b == 'yes'") is False
    assert asked == ["‹steps.a.outputs.b› == yes"]
    assert scope.holds("steps.a.outputs.b == steps.a.outputs.b") is True
    assert len(asked) == 1


def test_the_authors_own_repository_is_the_one_meant() -> None:
    """``github.repository == 'me/scorer'`` is right for whoever writes it, and no fork is it."""
    mine = unknown.mark("github.repository", unknown.CHOSEN)
    assert unknown.is_same(mine, "me/scorer") is True
    assert unknown.is_same(mine, f"{unknown.FORK}scorer") is False
    assert unknown.is_same(unknown.mark("actor", unknown.CHOSEN), "dependabot[bot]") is False


ANY, SOME = unknown.mark("a"), unknown.mark("b", unknown.SOME)
COULD_BE = [
    (ANY, "", True),
    (SOME, "", False),
    (f"v{SOME}", "v1", True),
    (f"v{SOME}", "w1", False),
    (f"{SOME}{SOME}", "a", False),
    (f"{ANY}{SOME}", "a", True),
    (f"{SOME}-{SOME}", "a-b", True),
    (f"{SOME}-{SOME}", "-b", False),
    (f"{SOME}-{SOME}", "--b", True),
    (f"{SOME}-{SOME}.x", "a-.x", False),
    (f"a{ANY}a", "a", False),
    (f"a{ANY}b{ANY}b", "ab", False),
    (f"a{ANY}b{ANY}b", "abb", True),
    (f"{SOME}x", "a" * 300, False),
    (f"{SOME}" * 30 + "x", "a" * 300, False),
    (f"{SOME}a" * 30 + "x", "a" * 300, False),
]


def test_half_a_mark_is_nothing_known() -> None:
    """A long text may be cut anywhere; what is left of a mark stands for nothing."""
    assert unknown.is_same(f"v{SOME[:-1]}", "v1") is False


@pytest.mark.parametrize(("text", "known", "could"), COULD_BE)
def test_what_a_text_with_unknown_parts_could_be(text: str, known: str, could: bool) -> None:
    """Decided for sure only where no value of the parts fits; on the last two a backtracking
    matcher would hang."""
    assert unknown.is_same(text, known) is (None if could else False)
