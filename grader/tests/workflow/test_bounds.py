"""Short files that ask for much memory, many rounds or deep calls get a sentence, and quickly."""

from __future__ import annotations

import json

import pytest

from grader import workflow as workflows
from grader.tests.workflow.test_run import HEAD, job, outcomes, run
from grader.verdict.outcome import LearnerFault, NotInLab
from grader.workflow import leak, scenario
from grader.workflow.evaluate import Scope
from grader.workflow.expression import ExpressionError, parse
from grader.workflow.machine import Failing
from grader.workflow.model import Workflow
from grader.workflow.run import tell

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


A = f"a={'a' * 20_000}; "
SCRIPTS = {
    "quoted": A + f'b="{"$a" * 20}"',
    "unquoted": A + f"echo {'$a' * 20}",
    "many words": A + f"echo {'x$a ' * 20}",
    "replacement": A + f"b=${{a//a/{'b' * 100}}}",
    "default": A + f"echo ${{b:-{'$a' * 20}}}",
    "pattern": A + f"case x in {'$a' * 20}) ;; esac",
    "number": A + f"(( {'$a' * 20} ))",
    "xargs": f"echo {'x' * 2000} | xargs -I a echo {'a' * 2000}",
    "doubling": "a=x; for i in 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0; do a=$a$a; done",
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_words_of_a_script_that_grow_are_not_followed(script: str) -> None:
    with pytest.raises(NotInLab, match="more than 65536 characters"):
        run(job("a", f"run: {json.dumps(script)}"))


def test_a_long_document_in_a_script_is_followed() -> None:
    """As long as a real file may hold it, a text is kept whole."""
    script = f"cat > f <<EOF\n{'x' * 50_000}\nEOF\n"
    assert outcomes(run(job("a", f"run: {json.dumps(script)}"))) == ["success"]


LOOP = f"for i in {'x ' * 100}; do "
ROUNDS = {
    "functions": LOOP * 3 + "f() { true; }; " + "done; " * 3,
    "cases": LOOP * 3 + "case x in a) ;; esac; " + "done; " * 3,
    "nothing": "while do " * 12 + "done; " * 12,
    "subshells": LOOP * 2 + "( ); " * 10 + "done; " * 2,
}


@pytest.mark.parametrize("script", ROUNDS.values(), ids=list(ROUNDS))
def test_rounds_without_a_command_count(script: str) -> None:
    """Nested loops multiply, whatever stands in them."""
    with pytest.raises(NotInLab, match="more than the lab can follow"):
        run(job("a", f"run: {json.dumps(script)}"))


def of_copies(count: int) -> Workflow:
    """A step whose variables all repeat one long one."""
    copies = ", ".join(f"A{index}: '${{{{ env.B }}}}'" for index in range(count))
    steps = job("a", f"{{run: 'true', env: {{{copies}}}}}")
    return workflows.read(f"env: {{B: {'x' * 30_000}}}\n{HEAD}{steps}")


def test_long_texts_are_work() -> None:
    """Each may be as long as a file; all of them together may not."""
    script = f"a={'x' * 60_000}; for i in 1 2 3; do {LOOP} echo $a > f; done; done"
    with pytest.raises(NotInLab, match="more than the lab can follow"):
        run(job("a", f"run: {json.dumps(script)}"))
    with pytest.raises(NotInLab, match="more than the lab can follow"):
        tell(of_copies(500), scenario.PUSH, Failing())


DEEP = {
    "eval": 'x=\'eval "$x"\'; eval "$x"',
    "brackets": f"[ {'! ' * 2000}x ]",
    "containers": f"{'docker exec c ' * 1000}ls",
}


@pytest.mark.parametrize("script", DEEP.values(), ids=list(DEEP))
def test_commands_within_commands_are_bounded(script: str) -> None:
    """Not by Python's stack, whose end would be a fault of the grader."""
    with pytest.raises(NotInLab, match="deeper than the lab can follow"):
        run(job("a", f"run: {json.dumps(script)}"))


def test_secrets_behind_variables_are_bounded() -> None:
    """A variable that names another one shows what that one holds: each time anew."""
    with pytest.raises(NotInLab, match="more than the lab can follow"):
        list(leak.found(of_copies(500)))


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
