"""All commands of a step, whether a run would come to them or not, with the secrets in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grader.workflow import expansion, shell, unknown
from grader.workflow.expression import Call, ExpressionError, Index, Literal, Name, template, walk
from grader.workflow.model import Step, Workflow
from grader.workflow.syntax import Redirect, Simple, Substitution, commands


@dataclass(frozen=True)
class CommandLine:
    """A command with its words expanded as far as they are known. ``after`` are the commands its
    output is piped into; ``redirects`` its own and those of what it stands in."""

    words: list[str]
    after: tuple[Simple, ...]
    redirects: tuple[Redirect, ...]
    input: str
    traced: bool
    """Whether ``set -x`` is on."""


def of_step(step: Step, env: Mapping[str, str] | None = None) -> Iterator[CommandLine]:
    """A script that can't be read has no commands here. Raises NotInLab for texts that grow."""
    if not step.run:
        return
    try:
        parsed = shell.parse(marked(step.run))
    except (shell.ShellError, ExpressionError):
        return
    variables = dict(env or {})
    variables |= {key: marked(str(value)) for key, value in step.env.items()}
    traced = bool(re.search(r"(^|\s)-[a-z]*x", step.shell))

    def substitute(part: Substitution) -> str:
        return " ".join(unknown.mark(name, unknown.SOME) for name in _secrets(part, variables))

    for each, after, outer in commands(parsed):
        for name, word in each.assignments:
            variables[name] = expansion.text(word, variables, substitute)
        words = expansion.command(each.words, variables, substitute)
        if words[:1] == ["set"]:
            flags = [word for word in words[1:] if re.match(r"[-+][a-z]*x", word)]
            traced = flags[-1].startswith("-") if flags else traced or "xtrace" in words
        for given in words[1:] if words[:1] in (["export"], ["local"], ["declare"]) else []:
            variables[given.partition("=")[0]] = given.partition("=")[2]
        text = "".join(
            expansion.text(redirect.target, variables, substitute)
            for redirect in each.redirects
            if redirect.operator in ("<<", "<<-", "<<<")
        )
        if words:
            yield CommandLine(words, after, (*each.redirects, *outer), text, traced)


def _secrets(part: Substitution, variables: Mapping[str, str]) -> list[str]:
    """What a substitution may carry on: the marks of the variables that its text names."""
    named = re.findall(r"\$\{?(\w+)", part.source)
    texts = [part.source, *(variables.get(name, "") for name in named)]
    return [name for text in texts for name in unknown.names(text)]


def environment(workflow: Workflow, step: Step) -> dict[str, str]:
    """The variables of the workflow and the job that a step sees."""
    holders = (workflow.env, workflow.jobs[step.job].env)
    return {key: marked(str(value)) for holder in holders for key, value in holder.items()}


def marked(text: str) -> str:
    """The text with each ``${{ }}`` as a mark that names the secrets in it."""
    try:
        pieces = template(text)
    except ExpressionError:
        return text
    out = ""
    for piece in pieces:
        if isinstance(piece, str):
            out += piece
            continue
        names = [name for each in walk(piece) if (name := _secret(each))]
        out += "".join(unknown.mark(name, unknown.SOME) for name in names) or unknown.mark(
            "value", unknown.SOME
        )
    return out


def _secret(part: object) -> str:
    """The name of the secret that a part of an expression stands for, if any."""
    match part:
        case Index(Name(context), Literal(str(key))) if context.lower() == "secrets":
            return f"secrets.{key}"
        case Index(Name(context), Literal(str(key))) if context.lower() == "env":
            return f"env.{key}"
        case Index(Name(context), Literal("token")) if context.lower() == "github":
            return "secrets.GITHUB_TOKEN"
        case Call(function, (Name(context),)) if function.lower() == "tojson":
            return "secrets.*" if context.lower() == "secrets" else ""
    return ""
