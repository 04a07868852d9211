"""What a typed command means: two that do the same are equal, however they are written.

``docker run`` is understood by docker itself, as the request that it would send; nothing is
started. Other commands are compared by their parsed words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from grader.answer import capture
from grader.answer.recipe import familiar
from grader.notebook import command_line
from grader.notebook.command_line import CommandLine
from grader.verdict.outcome import LearnerFault

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
    if given.words not in _RUNS or accepted.words not in _RUNS:
        names = tuple(optional)
        return given.without(names) == accepted.without(names)
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
    flat["LogConfig"] = {"Type": driver, "Config": log.get("Config") or {}}
    return {key: value for key, value in flat.items() if key not in _NOBODY}
