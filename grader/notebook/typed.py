"""What a typed command means: two that do the same are equal, however they are written.

A docker command is understood by docker itself, as the requests that it would send; nothing is
done. What only changes what is shown is compared by its words, and so are other programs and
builds, of which docker checks the flags.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from grader.answer import capture
from grader.answer.recipe import familiar
from grader.notebook import command_line
from grader.notebook.command_line import CommandLine
from grader.verdict.outcome import LearnerFault

_BUILD = ("docker", "build")
_SHOWN = ("format", "quiet", "no-trunc", "human", "no-stream", "all")
"""Options that change what is shown, not what is asked for."""
_RUNS = (("docker", "run"), ("docker", "create"))
_NOBODY = ("AttachStdin", "AttachStdout", "AttachStderr", "StdinOnce")
"""Follow from being in the background or not, which is compared by itself."""
_KEYS: Mapping[str, tuple[str, ...]] = {
    "--publish": ("ExposedPorts", "PortBindings", "PublishAllPorts"),
    "--rm": ("AutoRemove",),
    "--restart": ("RestartPolicy",),
    "--network": ("NetworkMode", "NetworkingConfig"),
    "--user": ("User",),
    "--memory": ("Memory", "MemorySwap"),
    "--cpus": ("NanoCpus",),
    "--read-only": ("ReadonlyRootfs",),
    "--tmpfs": ("Tmpfs",),
    "--init": ("Init",),
    "--env": ("Env",),
    "--label": ("Labels",),
    "--hostname": ("Hostname",),
    "--tty": ("Tty",),
    "--interactive": ("OpenStdin",),
}
"""What an option of ``docker run`` changes in the request, for options that may be there or not."""
_BY_NAME = ("detach", "name")
"""Options that the request doesn't hold."""
ALWAYS_OPTIONAL = ("--tty", "--interactive")
_ROOT = ("0", "root")


class Refused(ValueError):
    """docker itself refuses the command; the text is docker's own."""


def same(given: CommandLine, text: str, right: str, optional: Collection[str]) -> bool:
    """Whether a command does what ``right`` does, but for ``optional`` options. Raises Refused with
    docker's words."""
    accepted = command_line.parse(right)
    if given.words != accepted.words:
        return False
    if given.words == _BUILD:
        _asked(text)
        return _named(given.without((*optional,))) == _named(accepted.without((*optional,)))
    if given.words[0] != "docker":
        return given.without((*optional,)) == accepted.without((*optional,))
    if given.words not in _RUNS:
        shown = [
            {pair for pair in line.without((*optional,)).options if pair[0] in _SHOWN}
            for line in (given, accepted)
        ]
        wanted, asked = (
            {_without(each, optional) for each in _asked(one)} for one in (right, text)
        )
        return asked == wanted and shown[0] == shown[1]
    dropped = {name.lstrip("-") for name in optional}
    for name in _BY_NAME:
        if name not in dropped and _values(given, name) != _values(accepted, name):
            return False
    ignored = {key for name in (*optional, *ALWAYS_OPTIONAL) for key in _KEYS.get(name, ())}
    mine, theirs = _request(text), _request(right)
    if "User" in ignored and str(mine.get("User", "")).partition(":")[0] in _ROOT:
        return False
    return {k: v for k, v in mine.items() if k not in ignored} == {
        k: v for k, v in theirs.items() if k not in ignored
    }


def _named(line: CommandLine) -> CommandLine:
    """A build with its names as docker reads them."""
    options = {
        (name, familiar(value).removesuffix(":latest") if name == "tag" else value)
        for name, value in line.options
        if (name, value.removeprefix("./")) != ("file", "Dockerfile")
    }
    folder = tuple(word.rstrip("/") or word for word in line.arguments)
    return CommandLine(line.words, frozenset(options), folder)


@lru_cache(maxsize=256)
def _asked(text: str) -> frozenset[str]:
    """What a docker command asks an engine for. Raises Refused with docker's words."""
    found, said = capture.requests(command_line.words(text)[1:])
    if not found and said:
        raise Refused(said.splitlines()[0].removeprefix("ERROR: "))
    return frozenset(re.sub(r"(?<=/images/)([^/]+):latest(?=/)", r"\1", each) for each in found)


def _without(request: str, optional: Collection[str]) -> str:
    """A request without the parameters that optional options add."""
    path, _, query = request.partition("?")
    return f"{path}?{[pair for pair in parse_qsl(query) if f'--{pair[0]}' not in optional]}"


def _values(line: CommandLine, name: str) -> set[str]:
    return {value for option, value in line.options if option == name}


@lru_cache(maxsize=256)
def _request(text: str) -> Mapping[str, Any]:
    """The request of a ``docker run``, flat, without what stands for nothing."""
    words = command_line.words(text)
    start = next(index for index, word in enumerate(words) if word in ("run", "create"))
    try:
        body = capture.create_body(words[start + 1 :], "")
    except LearnerFault as fault:
        raise Refused(fault.message.removeprefix("docker refuses this command: ")) from fault
    flat = {**body, **body.pop("HostConfig", {})}
    flat.pop("HostConfig", None)
    flat["Image"] = familiar(str(flat.get("Image", ""))).removesuffix(":latest")
    flat["CapDrop"] = sorted(str(each).upper() for each in flat.get("CapDrop") or ())
    flat["SecurityOpt"] = sorted(
        re.sub(r"^(no-new-privileges)[:=]true$", r"\1", each)
        for each in flat.get("SecurityOpt") or ()
    )
    log = flat.get("LogConfig") or {}
    driver = log.get("Type") or "json-file"
    config = {key: _bytes(value) for key, value in (log.get("Config") or {}).items()}
    flat["LogConfig"] = {"Type": driver, "Config": config}
    return {key: value for key, value in flat.items() if key not in _NOBODY}


def _bytes(value: str) -> str:
    """A log's size as docker's json-file driver reads it: units of a thousand (go-units'
    FromHumanSize), ``10m`` and ``10000k`` alike."""
    match = re.fullmatch(r"(\d+) ?([kmg])(i?b)?", value, re.IGNORECASE)
    if match is None:
        return value
    return str(int(match[1]) * 1000 ** ("kmg".index(match[2].lower()) + 1))
