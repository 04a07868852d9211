"""Short files that ask for much memory, many rounds or deep calls get a sentence, and quickly."""

from __future__ import annotations

import json

import pytest

from grader import workflow as workflows
from grader.tests.workflow.followed import tell
from grader.tests.workflow.test_run import HEAD, job, run
from grader.verdict.outcome import LearnerFault, NotInLab
from grader.workflow import scenario
from grader.workflow.evaluate import Scope
from grader.workflow.expression import parse
from grader.workflow.lexer import ExpressionError
from grader.workflow.machine import Failing
from grader.workflow.model import Workflow

LONG = {"long": "x" * 60_000, "ones": [1.0] * 20}
"""Values that fit, and don't any more when they are put together."""

PLACES = f"'{'{0}' * 2000}'"


def value(text: str, **contexts: object) -> object:
    return Scope({"env": LONG, **contexts}, lambda question: True).value(parse(text))


GROWING = {
    "format": "format('{0}{0}', env.long)",
    "one long part": f"format('{{0}}{'y' * 6000}', env.long)",
    "join": "join(env.ones, env.long)",
    "toJSON": "toJSON(" * 20 + "'\"'" + ")" * 20,
    "hashFiles": "hashFiles(env.long, env.long)",
}


@pytest.mark.parametrize("text", GROWING.values(), ids=list(GROWING))
def test_a_value_that_grows_too_long_is_not_followed(text: str) -> None:
    """GitHub might still take it: the lab can't tell, and says so."""
    with pytest.raises(NotInLab, match="more than 65536 characters"):
        value(text)


def test_a_value_that_github_refuses_is_a_fault() -> None:
    """https://github.com/actions/runner gives the result of an evaluation 10 MiB."""
    with pytest.raises(ExpressionError, match="longer than 5242880"):
        value(f"format({PLACES}, format({PLACES}, 'abcdefghij'))")


def test_text_around_expressions_is_bounded() -> None:
    with pytest.raises(NotInLab, match="more than 65536 characters"):
        Scope({"env": LONG}, lambda question: True).text("${{ env.long }}${{ env.long }}")


def test_json_nested_too_deeply_is_a_fault() -> None:
    """Python's stack ends before toJSON() does."""
    deep: list[object] = []
    for _ in range(2000):
        deep = [deep]
    with pytest.raises(ExpressionError, match="nested too deeply"):
        value("toJSON(deep)", deep=deep)


def of_copies(count: int) -> Workflow:
    """A step whose variables all repeat one long one."""
    copies = ", ".join(f"A{index}: '${{{{ env.B }}}}'" for index in range(count))
    steps = job("a", f"{{run: 'true', env: {{{copies}}}}}")
    return workflows.read(f"env: {{B: {'x' * 30_000}}}\n{HEAD}{steps}")


def test_long_texts_are_work() -> None:
    """Each may be as long as a file; all of them together may not."""
    with pytest.raises(NotInLab, match="more than the lab can follow"):
        tell(of_copies(500), scenario.PUSH, Failing())


def test_what_a_script_hands_on_is_bounded() -> None:
    """As long as a real file may be, and no longer."""
    script = "printf 'a=%070000d' 1 >> $GITHUB_OUTPUT"
    with pytest.raises(NotInLab, match="more than 65536 characters"):
        run(job("a", f"run: {json.dumps(script)}"))


def names(count: int) -> str:
    return "\n".join(f"n{index}" for index in range(count))


def test_names_of_images_are_bounded() -> None:
    """Images times tags are the names; so are outputs times tags."""
    inputs = json.dumps({"images": names(100), "tags": names(100)})
    with pytest.raises(NotInLab, match="more than 1000 names"):
        run(job("a", f"{{uses: docker/metadata-action@v5, with: {inputs}}}"))
    outputs = "\n".join(f"type=tar,dest={index}" for index in range(200))
    inputs = json.dumps({"context": ".", "tags": names(200), "outputs": outputs})
    steps = ["uses: actions/checkout@v4", f"{{uses: docker/build-push-action@v6, with: {inputs}}}"]
    with pytest.raises(NotInLab, match="more than the lab can follow"):
        run(job("a", *steps))


def test_long_texts_behind_aliases_count() -> None:
    """Ten thousand characters that are named a hundred times are a million."""
    aliases = "".join(f"  A{index}: *a\n" for index in range(100))
    with pytest.raises(LearnerFault, match="expands to more than 5000"):
        workflows.read(f"env:\n  A: &a {'x' * 10_000}\n{aliases}{HEAD}{job('a', 'run: a')}")
