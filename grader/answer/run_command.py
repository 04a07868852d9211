"""A learner's ``docker run`` command line: read without a shell, understood by docker itself.

What the command may ask for is an allow-list over the body that docker would send; everything else
is refused by name. Nothing here runs a container.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.answer import capture
from grader.engine import permitted
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

IMAGE = "scorer"
CONFIG_KEYS = ("Cmd", "Entrypoint", "Env", "User", "WorkingDir", "StopSignal", "StopTimeout")
_FILE_FLAGS = ("--env-file", "--label-file", "--cidfile", "--volume", "--mount", "--use-api-socket")
_SHELL = re.compile(r"[$`;|&<>(){}]")
_HARMLESS_LINE = re.compile(r"^(set\s+[-+]\w+(\s+pipefail)?|#.*|)$")


@dataclass(frozen=True)
class RunCommand:
    """What docker makes of the command: the API body's own parts, defaults left out."""

    text: str
    image: str
    host: Mapping[str, Any]
    config: Mapping[str, Any]

    @property
    def evidence(self) -> Evidence:
        """What docker sends for this command."""
        sent = "\n".join(f"HostConfig.{key}: {value}" for key, value in sorted(self.host.items()))
        return Evidence(
            "docker inspect -f '{{json .HostConfig}}' web", sent or "(nothing but defaults)"
        )


def read(script: str, name: str = "run.sh") -> RunCommand:
    """Understand a script that holds one ``docker run`` command. Raises LearnerFault."""
    text = _one_command(script, name)
    words = _split(text, name)
    arguments = _arguments(words, name)
    _refuse_files(arguments, name)
    body = capture.create_body(arguments, text)
    host = permitted.host(body.get("HostConfig") or {}, name)
    if body.get("Image") != IMAGE:
        raise LearnerFault(
            f"{name} runs the image {body.get('Image')!r}; in this exercise it is called {IMAGE}."
        )
    config = {key: body[key] for key in CONFIG_KEYS if body.get(key) not in (None, [], "")}
    return RunCommand(text, IMAGE, host, config)


def _one_command(script: str, name: str) -> str:
    joined = re.sub(r"\\\r?\n\s*", " ", script.removeprefix("\ufeff"))
    lines = [line.strip() for line in joined.splitlines()]
    commands = [line for line in lines if not _HARMLESS_LINE.match(line)]
    if len(commands) != 1:
        found = "none" if not commands else f"{len(commands)}: {commands[1][:60]!r} is the second"
        raise LearnerFault(f"{name} should hold one docker run command; it holds {found}.")
    return commands[0]


def _split(text: str, name: str) -> list[str]:
    bare = re.sub(r"'[^']*'", "", text)
    unquoted = re.sub(r'"((?:[^"\\]|\\.)*)"', lambda quoted: _expansion(quoted[1]), bare)
    if found := _SHELL.search(unquoted.partition(" #")[0]):
        raise LearnerFault(
            f"{name} uses {found[0]!r}, which a shell would interpret; write one plain docker run "
            "command (quotes and line continuations are fine)."
        )
    try:
        return shlex.split(text, comments=True)
    except ValueError as error:
        raise LearnerFault(f"{name} can't be read: {error}.") from error


def _expansion(quoted: str) -> str:
    """What a shell would still interpret between double quotes."""
    return "".join(character for character in quoted if character in "$`")


def _arguments(words: list[str], name: str) -> list[str]:
    """What follows ``docker run``."""
    words = words[1:] if words[:1] == ["exec"] else words
    if words[:2] == ["docker", "run"]:
        words = words[2:]
    elif words[:3] == ["docker", "container", "run"]:
        words = words[3:]
    else:
        raise LearnerFault(f"{name} starts with {' '.join(words[:2])!r}, not with docker run.")
    return words


def _refuse_files(arguments: list[str], name: str) -> None:
    """Flags with which the command line itself would touch files of this machine."""
    for word in arguments:
        flag = word.partition("=")[0]
        is_volume = re.match(r"^-[dit]*v", word) and not word.startswith("--")
        if flag in _FILE_FLAGS or is_volume:
            raise LearnerFault(f"{name}: {flag} reaches files of the host; it isn't needed here.")
        if "seccomp=" in word or "apparmor=" in word:
            raise LearnerFault(f"{name}: --security-opt {word[:40]} isn't needed here.")
