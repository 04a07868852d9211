"""Where a secret is printed, handed over on a command line, or baked into an image, as runs show.

Secrets are random in each grading, so that any piece of one is found: as it is, backwards, spaced
out, in base64, hexadecimal or octal.
"""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grader.workflow import unknown
from grader.workflow.concrete import Concrete
from grader.workflow.job import Told
from grader.workflow.run import Run

_SENSITIVE = re.compile("PASS|TOKEN|KEY|SECRET|CRED|PAT|AUTH|PWD|PRIVATE|CERT")
_PUBLIC = re.compile(
    "USER|LOGIN|NAME|URL|URI|HOST|REGISTRY|REPO|IMAGE|ORG|ACCOUNT|REGION|EMAIL|PROJECT|OWNER|SERVER"
)
_BUILTINS = frozenset(
    [
        "export",
        "local",
        "declare",
        "readonly",
        "typeset",
        "[",
        "[[",
        "test",
        "set",
        "read",
        "((",
        "case",
        "unset",
        ":",
        "true",
        "echo",
        "printf",
        "eval",
        "for",
        "let",
        "exit",
        "return",
        "trap",
        "shift",
        "source",
        ".",
        "mapfile",
        "if",
        "while",
        "'['",
        "'[['",
        "alias",
    ]
)
"""What runs in the shell itself shows in no list of processes."""
_TRACED = re.compile(r"^\++(\d+)\+(.*)$")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*\+?=")
PIECE = 6
"""Characters of a secret that nobody guesses: 36 to the 6th are two thousand million."""


@dataclass(frozen=True)
class Secret:
    """A secret's name and the pieces of it, in the forms in which they may be printed."""

    name: str
    word: str
    pieces: frozenset[str]


def found(runs: Iterable[Run], concrete: Concrete) -> Iterator[str]:
    """Every leak, a sentence each, once."""
    known: dict[str, Secret] = {}
    said: set[str] = set()
    for run in runs:
        for told in run.told:
            for each in _of_step(told, known, concrete):
                if each not in said:
                    said.add(each)
                    yield each


def is_secret(name: str) -> bool:
    """Whether a secret of that name has to stay hidden: a user's or a registry's name needn't."""
    if not name.startswith("secrets."):
        return False
    plain = name.removeprefix("secrets.").upper()
    return bool(_SENSITIVE.search(plain)) or not _PUBLIC.search(plain)


def _of_step(told: Told, known: dict[str, Secret], concrete: Concrete) -> Iterator[str]:
    for name in concrete.names():
        if is_secret(name) and name not in known:
            known[name] = _secret(name, concrete.word(name))
    for secret in known.values():
        yield from _log(told, secret)
        yield from _arguments(told, secret)
    for key in ("build-args", "labels", "args", "tags", "entrypoint", "message"):
        for name in unknown.names(told.inputs.get(key, "")):
            if is_secret(name) and key == "build-args":
                yield (
                    f"{told.step} gives {name} to the build as an argument, which the image's "
                    "history keeps; secrets: is for that."
                )
            elif is_secret(name):
                yield f"{told.step} gives {name} away in {key}."


def _secret(name: str, word: str) -> Secret:
    plain = [word, word[::-1], codecs.encode(word, "rot13")]
    coded = [form for each in plain for form in _coded(each)]
    coded += [base64.b64encode(form.encode()).decode()[4:-4] for form in coded]
    pieces = {form[at : at + PIECE] for form in plain for at in range(len(form) - PIECE + 1)}
    for form in (*coded, *(each[::-1] for each in coded)):
        pieces |= {form[at : at + 2 * PIECE] for at in range(len(form) - 2 * PIECE + 1)}
    return Secret(name, word, frozenset(each.casefold() for each in pieces))


def _coded(text: str) -> Iterator[str]:
    """A text in hexadecimal, octal, base64 and base32, wherever in a longer one it stands."""
    yield text.encode().hex()
    yield "".join(f"{ord(each):03o}" for each in text)
    for shift in range(5):
        longer = ("_" * shift + text).encode()
        yield base64.b64encode(longer).decode()[4:-4]
        yield base64.b32encode(longer).decode()[8:-8]


def _log(told: Told, secret: Secret) -> Iterator[str]:
    log = re.sub(r"^::add-mask::.*$", "", told.printed, flags=re.M)
    shown = [log, _shown_trace(told.trace)]
    for text, why in zip(shown, ("", ": set -x is on"), strict=True):
        plain = text.casefold()
        for form in (plain, re.sub(r"[^0-9a-z+/]", "", plain), re.sub(r"^\d+", "", plain)):
            if any(
                form[at : at + size] in secret.pieces
                for size in (PIECE, 2 * PIECE)
                for at in range(len(form) - size + 1)
            ):
                line = _line(told, secret)
                yield f"{told.step} prints {secret.name}{line}{why}."
                return


def _shown_trace(trace: str) -> str:
    """The part of the trace that stands in the log: what follows the script's own set -x."""
    shown, on = [], False
    for line in trace.splitlines():
        found = _TRACED.match(line)
        command = found[2] if found else line
        if re.match(r"set [-+]\w*x|set [-+]o xtrace", command):
            on = command.split()[1].startswith("-")
        elif on:
            shown.append(command)
    return "\n".join(shown)


def _line(told: Told, secret: Secret) -> str:
    """Where in its script the step has the secret in its hands first, as far as one can tell."""
    for line in told.trace.splitlines():
        found = _TRACED.match(line)
        if found and secret.word in line:
            return f" (line {found[1]} of its script)"
    return ""


def _arguments(told: Told, secret: Secret) -> Iterator[str]:
    for line in told.trace.splitlines():
        found = _TRACED.match(line)
        if not found or secret.word not in line:
            continue
        words = found[2].split()
        while words and (_ASSIGNED.match(words[0]) or words[0] in ("sudo", "command", "exec")):
            words = words[1:]
        if words and words[0] not in _BUILTINS and secret.word in " ".join(words):
            yield (
                f"{told.step} gives {secret.name} to {words[0].rpartition('/')[2]} on the command "
                "line, where other programs can read it; standard input, a file or the "
                "environment hide it."
            )
            return
    for doing in told.doings:
        if any(secret.name in unknown.names(word) for word in doing.words):
            yield (
                f"{told.step} gives {secret.name} to {doing.words[0]} on the command line, where "
                "other programs can read it; standard input, a file or the environment hide it."
            )
            return
