"""A learner's run.sh: run by a real shell on the stage, its ``docker run`` understood by docker.

The script may do what a script does (variables, folders, sudo, ``docker rm -f`` before); what it
starts is read from how it called docker. What a command may ask for is an allow-list over the body
that docker would send; everything else is refused by name. Nothing here runs a container.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.answer import capture
from grader.answer.recipe import familiar
from grader.engine import permitted, rules
from grader.stage import Call, Reply, Script, Stage
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

IMAGE = "scorer"
_FILE_FLAGS = ("--env-file", "--label-file", "--cidfile", "--volume", "--mount", "--use-api-socket")
_FOLDER = "/home/runner"
_STARTS = (("run",), ("create",), ("container", "run"), ("container", "create"))
_ASIDE = frozenset(
    {"rm", "stop", "kill", "pull", "build", "image", "images", "inspect", "ps", "logs", "wait"}
    | {"port", "version", "info", "network", "volume", "tag", "rmi", "container", "buildx", "top"}
)
"""What may stand beside ``docker run``: it changes nothing of the container that is started."""
_NEEDS_ONE = (["inspect"], ["rm"], ["stop"], ["kill"], ["logs"], ["wait"], ["port"], ["top"])
"""What fails as long as there is no container: the script is the first to start one."""
_DASHES = re.compile("[\u2010-\u2015\u2212]")


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
        return permitted.receipt(self.host, sorted(self.host) or ["Memory", "RestartPolicy"])


def read(script: str, stage: Stage, name: str = "run.sh") -> RunCommand:
    """Understand a script that starts one container. Raises LearnerFault, and EngineError when the
    stage is gone."""
    words = _started(script, stage, name)
    text = shlex.join(["docker", "run", *words])
    _refuse_files(words, name)
    try:
        body = capture.create_body(words, text)
    except LearnerFault as fault:
        raise _dash(script, name) or fault from fault
    host = permitted.host(body.get("HostConfig") or {}, name)
    permitted.refuse_as_the_engine(host, name)
    if familiar(str(body.get("Image"))).removesuffix(":latest") != IMAGE:
        raise LearnerFault(
            f"{name} runs the image {body.get('Image')!r}; in this exercise it is called {IMAGE}."
            + _swallowed(words)
        )
    for key, why in rules.CONFIG_REFUSED.items():
        if body.get(key):
            raise permitted.refused(name, key, why)
    config = {
        key: value
        for key, value in body.items()
        if key in rules.CONFIG_WRITTEN and value not in (None, [], "", {}, False)
    }
    return RunCommand(text, IMAGE, host, config)


def _started(script: str, stage: Stage, name: str) -> list[str]:
    """The words behind ``docker run``, as docker got them."""
    found: list[list[str]] = []
    faults: list[str] = []

    def answer(call: Call) -> Reply:
        words = list(call.argv)
        if words[0] == "sudo":
            rest = [word for word in words[1:] if word not in ("-E", "-H", "-n")]
            return Reply(become=tuple(rest), environment=call.environment)
        if words[0] != "docker":
            faults.append(f"{name} calls {words[0]}; this exercise is about docker run.")
            return Reply(1)
        start = next((each for each in _STARTS if tuple(words[1 : 1 + len(each)]) == each), None)
        if start:
            found.append(words[1 + len(start) :])
            return Reply(out=f"{'0' * 64}\n")
        if words[1:] and words[1] not in _ASIDE:
            shown = shlex.join(words[:3])
            faults.append(f"{name} calls {shown!r}; a container is started by docker run.")
            return Reply(1)
        is_there = bool(found) or words[1:2] not in _NEEDS_ONE or "-f" in words
        return Reply() if is_there else Reply(1, err="Error: No such container\n")

    text = script.removeprefix("\ufeff").replace("\r\n", "\n")
    shell = "sh" if re.match(r"#!\s*(/usr/bin/env sh|/bin/(da)?sh)\b", text) else "bash"
    environment = {"HOME": _FOLDER, "USER": "runner", "LANG": "C.UTF-8"}
    ended = stage.run(Script(text, (shell, "{0}"), environment, _FOLDER), answer)
    if faults:
        raise LearnerFault(faults[0])
    if ended.trouble:
        raise LearnerFault(f"{name} {ended.trouble}, and was stopped.")
    if len(found) != 1:
        count = (
            "none" if not found else f"{len(found)}: {shlex.join(found[1])[:60]!r} is the second"
        )
        said = ended.printed.replace("/stage/run/step.sh", name).strip()
        raise LearnerFault(
            f"{name} should start one container with docker run; it starts {count}."
            + (f" It said: {said[:200]}" if said and not found else ""),
            Evidence(f"{shell} {name}", said[:800], "one docker run"),
        )
    return found[0]


def _dash(script: str, name: str) -> LearnerFault | None:
    """A dash that a text editor has made longer."""
    for number, line in enumerate(script.splitlines(), 1):
        if found := _DASHES.search(line):
            return LearnerFault(
                f"{name}, line {number} has a dash {found[0]!r} that isn't the hyphen - of an "
                "option; docker takes the word for the image's name."
            )
    return None


def _swallowed(words: list[str]) -> str:
    """An option that was left without its value has taken the next one for it."""
    for word, after in itertools.pairwise(words):
        if re.fullmatch(r"--[a-z-]+", word) and re.match(r"-{1,2}[a-z]", after):
            try:
                capture.create_body([word, "no", "image"], "")
            except LearnerFault:
                continue
            return f" Did {word} take {after} as its value?"
    return ""


def _refuse_files(arguments: list[str], name: str) -> None:
    """Flags with which the command line itself would touch files of this machine."""
    for word in arguments:
        flag = word.partition("=")[0]
        is_volume = re.match(r"^-[dit]*v", word) and not word.startswith("--")
        if flag in _FILE_FLAGS or is_volume:
            raise permitted.refused(name, flag, "it reaches files of this machine")
        if "seccomp=" in word or "apparmor=" in word:
            raise permitted.refused(
                name, f"--security-opt {word[:40]}", "it would loosen the isolation"
            )
