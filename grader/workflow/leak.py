"""Where a secret would be printed, handed over on a command line, or baked into an image."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from grader.workflow import command_line, growth, unknown
from grader.workflow.command_line import CommandLine
from grader.workflow.model import Step, Workflow
from grader.workflow.word import text_of

_SENSITIVE = re.compile("PASS|TOKEN|KEY|SECRET|CRED|PAT|AUTH|PWD|PRIVATE|CERT")
_PUBLIC = re.compile(
    "USER|LOGIN|NAME|URL|URI|HOST|REGISTRY|REPO|IMAGE|ORG|ACCOUNT|REGION|EMAIL|PROJECT|OWNER|SERVER"
)
_PRINTING = frozenset({"echo", "printf", "cat", "tee"})
_SHOWING = frozenset(
    {"cat", "tee", "base64", "rev", "xxd", "od", "sed", "tr", "head", "tail", "fold", "grep", "awk"}
    | {"cut", "hexdump", "sort", "wc"}
)
_OWN = frozenset(
    {"export", "local", "declare", "readonly", "[", "[[", "test", "set", "read", "((", "case"}
    | {"unset", ":", "true"}
)
"""Builtins: what they are given shows in no list of processes."""


def found(workflow: Workflow) -> Iterator[str]:
    """Every leak, a sentence each."""
    for step in workflow.steps:
        env = _resolved(workflow, step)
        yield from _inputs(step, env)
        seen: set[str] = set()
        for line in command_line.of_step(step, env):
            said = _leak(line, env)
            if said and said not in seen:
                seen.add(said)
                yield f"{step} {said}."


def is_secret(name: str) -> bool:
    """Whether a secret of that name has to stay hidden: a user's or a registry's name needn't."""
    if not name.startswith("secrets."):
        return False
    plain = name.removeprefix("secrets.").upper()
    return bool(_SENSITIVE.search(plain)) or not _PUBLIC.search(plain)


def _resolved(workflow: Workflow, step: Step) -> dict[str, str]:
    """The variables that a step sees, its own included; ``env.X`` replaced by what X is."""
    env = command_line.environment(workflow, step)
    for key, value in step.env.items():
        env[key] = command_line.marked(str(value))
    found = {}
    left = growth.MAX_TEXT
    for key, value in env.items():
        found[key] = _through(value, env)
        left -= len(found[key]) - len(value)
        growth.check(left)
    return found


def _through(text: str, env: Mapping[str, str]) -> str:
    inner = [name.removeprefix("env.") for name in unknown.names(text) if name.startswith("env.")]
    return growth.joined([text, *(env.get(name, "") for name in inner)])


def _hidden(text: str, env: Mapping[str, str]) -> list[str]:
    """The secrets in a text that have to stay hidden."""
    return [name for name in unknown.names(_through(text, env)) if is_secret(name)]


def _leak(line: CommandLine, env: Mapping[str, str]) -> str:
    words = [word for word in line.words if word not in ("sudo", "command", "exec", "time")]
    if not words:
        return ""
    name = words[0].rpartition("/")[2]
    hidden = [each for word in words for each in _hidden(word, env)]
    if name in ("printenv", "env", "export", "set") and (
        len(words) == 1 or (name == "printenv") or words[1:] == ["-p"]
    ):
        shown = [each for value in env.values() for each in _hidden(value, env)]
        if shown and _is_shown(line):
            return f"prints the environment, {shown[0]} included"
        return ""
    if line.traced and hidden:
        return f"prints {hidden[0]}: set -x is on"
    if name in _PRINTING:
        told = hidden + _hidden(line.input, env)
        masks = any(word.startswith("::add-mask::") for word in words)
        return f"prints {told[0]}" if told and _is_shown(line) and not masks else ""
    if hidden and name not in _OWN:
        return (
            f"gives {hidden[0]} to {name} on the command line, where other programs can read it; "
            "standard input, a file or the environment hide it"
        )
    return ""


def _is_shown(line: CommandLine) -> bool:
    """Whether the output ends in the log."""
    for redirect in line.redirects:
        if redirect.operator == "$()":
            return False
        if redirect.operator in (">", ">>", ">|", "&>", "&>>") and redirect.descriptor != "2":
            target = text_of(redirect.target) or ""
            return target in ("/dev/stdout", "/dev/stderr", "/dev/tty")
    if not line.after:
        return True
    names = [text_of(each.words[0]) if each.words else "" for each in line.after]
    stops = any(
        redirect.operator in (">", ">>", ">|") and redirect.descriptor == "1"
        for each in line.after
        for redirect in each.redirects
    )
    return not stops and all(name in _SHOWING for name in names)


def _inputs(step: Step, env: Mapping[str, str]) -> Iterator[str]:
    """Inputs of actions that end in an image's layers, names or arguments."""
    for key in ("build-args", "labels", "args", "tags", "entrypoint", "message"):
        value = step.inputs.get(key)
        if value is None:
            continue
        hidden = _hidden(command_line.marked(str(value)), env)
        if hidden and key == "build-args":
            yield (
                f"{step} gives {hidden[0]} to the build as an argument, which the image's history "
                "keeps; secrets: is for that."
            )
        elif hidden:
            yield f"{step} gives {hidden[0]} away in {key}."
