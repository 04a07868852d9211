"""A docker command line as parsed tokens, so that two ways to write the same thing are equal.

``-u 1000``, ``-u1000``, ``--user 1000`` and ``--user=1000`` become one option, ``-it`` becomes two,
the order of options doesn't matter, ``docker container run`` is ``docker run``. Nothing is run.
Other programs' command lines are compared word by word.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class _Flags:
    """The flags of one subcommand: short ones with their long names, and long switches."""

    valued: Mapping[str, str] = field(default_factory=dict)
    switches: Mapping[str, str] = field(default_factory=dict)
    long_switches: frozenset[str] = frozenset()
    passes_on: bool = False
    """Whether what follows the first argument belongs to the program in the container."""


_RUN = _Flags(
    valued={
        "a": "attach",
        "c": "cpu-shares",
        "e": "env",
        "h": "hostname",
        "l": "label",
        "m": "memory",
        "p": "publish",
        "u": "user",
        "v": "volume",
        "w": "workdir",
    },
    switches={"d": "detach", "i": "interactive", "t": "tty", "P": "publish-all", "q": "quiet"},
    long_switches=frozenset(
        ("init", "no-healthcheck", "oom-kill-disable", "privileged", "read-only", "rm")
    ),
    passes_on=True,
)
_SUBCOMMANDS: Mapping[str, _Flags] = {
    "run": _RUN,
    "create": _RUN,
    "exec": _Flags(
        valued={"e": "env", "u": "user", "w": "workdir"},
        switches={"d": "detach", "i": "interactive", "t": "tty"},
        long_switches=frozenset(("privileged",)),
        passes_on=True,
    ),
    "build": _Flags(
        valued={"t": "tag", "f": "file", "o": "output"},
        switches={"q": "quiet"},
        long_switches=frozenset(("no-cache", "pull", "load", "push", "check")),
    ),
    "stop": _Flags(valued={"t": "timeout", "s": "signal"}),
    "restart": _Flags(valued={"t": "timeout", "s": "signal"}),
    "kill": _Flags(valued={"s": "signal"}),
    "logs": _Flags(
        valued={"n": "tail"},
        switches={"f": "follow", "t": "timestamps"},
        long_switches=frozenset(("details",)),
    ),
    "inspect": _Flags(valued={"f": "format"}, switches={"s": "size"}),
    "ps": _Flags(
        valued={"f": "filter", "n": "last"},
        switches={"a": "all", "q": "quiet", "l": "latest", "s": "size"},
        long_switches=frozenset(("no-trunc",)),
    ),
    "rm": _Flags(switches={"f": "force", "v": "volumes", "l": "link"}),
    "history": _Flags(switches={"q": "quiet"}, long_switches=frozenset(("no-trunc", "human"))),
    "stats": _Flags(switches={"a": "all"}, long_switches=frozenset(("no-stream", "no-trunc"))),
}
_GROUPS = ("container", "image", "buildx")
_OTHERS: Mapping[str, _Flags] = {
    "trivy": _Flags(
        valued={"s": "severity", "f": "format", "o": "output"},
        switches={"q": "quiet", "d": "debug"},
        long_switches=frozenset(("ignore-unfixed", "no-progress")),
    ),
}
"""Other programs whose options are understood: the first word behind them is a subcommand."""
_ALIASES: Mapping[str, str] = {"i": "image", "fs": "filesystem", "repo": "repository"}
"""Trivy's own short names of its subcommands."""
_SETS = frozenset({"severity", "scanners", "secret", "mount"})
"""Options whose value is a list with commas, in any order; given twice they add up."""
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")


@dataclass(frozen=True)
class CommandLine:
    """``words`` is program and subcommand, ``options`` are (long name, value) pairs."""

    words: tuple[str, ...]
    options: frozenset[tuple[str, str]]
    arguments: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Whether an option (``-u`` or ``--user``) or a plain word is there."""
        if not name.startswith("-"):
            return name in self.words or name in self.arguments
        wanted = name.lstrip("-")
        if not name.startswith("--"):
            flags = _SUBCOMMANDS.get(self.words[-1] if self.words else "", _Flags())
            wanted = {**flags.valued, **flags.switches}.get(wanted, wanted)
        return any(option == wanted for option, _ in self.options)

    def without(self, names: tuple[str, ...]) -> CommandLine:
        """The same without some options (long names with their dashes)."""
        dropped = {name.lstrip("-") for name in names}
        kept = frozenset(pair for pair in self.options if pair[0] not in dropped)
        return CommandLine(self.words, kept, self.arguments)


def words(text: str) -> list[str]:
    """The words of a command, without what may stand before it: a prompt, variables, sudo. Raises
    ValueError, with a sentence, when quotes are open or nothing is there."""
    try:
        found = shlex.split(text.strip().removeprefix("$ ").replace("\\\n", " "))
    except ValueError as error:
        raise ValueError("A quotation mark is opened and never closed.") from error
    while found and (found[0] == "sudo" or _ASSIGNMENT.match(found[0])):
        found = found[1:]
    if not found:
        raise ValueError("There is no command yet.")
    return found


def parse(text: str) -> CommandLine:
    """Raises ValueError, with a sentence, when quotes are open or nothing is there."""
    program, *rest = words(text)
    if program in _OTHERS:
        name = _ALIASES.get(rest[0], rest[0]) if rest else ""
        return _split((program, name), rest[1:], _OTHERS[program])
    if program != "docker":
        return CommandLine((program,), frozenset(), tuple(rest))
    if rest[:1] and rest[0] in _GROUPS:
        rest = rest[1:]
    name, rest = (rest[0], rest[1:]) if rest else ("", [])
    return _split(("docker", name), rest, _SUBCOMMANDS.get(name, _Flags()))


def _split(words: tuple[str, ...], rest: list[str], flags: _Flags) -> CommandLine:
    options: set[tuple[str, str]] = set()
    arguments: list[str] = []
    switches = flags.long_switches | set(flags.switches.values())
    queue = list(rest)
    while queue:
        word = queue.pop(0)
        if word == "--" or not word.startswith("-") or word == "-":
            arguments += [] if word == "--" else [word]
            if flags.passes_on or word == "--":
                arguments += queue
                break
        elif word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name in switches:
                if value != "false":
                    options.add((name, ""))
            else:
                options.add((name, value if equals else queue.pop(0) if queue else ""))
        else:
            _shorts(word[1:], queue, flags, options)
    return CommandLine(words, _sorted(options), tuple(arguments))


def _sorted(options: set[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Options with the parts of a list in one order; those of severities in one list."""
    found = set()
    severities: set[str] = set()
    for name, value in options:
        if name == "severity":
            severities |= set(value.split(","))
        elif name in _SETS:
            parts = (re.sub(r"^source=", "src=", part) for part in value.split(","))
            kept = sorted(part.replace("src=./", "src=") for part in parts if part != "type=file")
            found.add((name, ",".join(kept)))
        else:
            found.add((name, value))
    if severities:
        found.add(("severity", ",".join(sorted(severities))))
    return frozenset(found)


def _shorts(letters: str, queue: list[str], flags: _Flags, options: set[tuple[str, str]]) -> None:
    """Read one word of short flags; a valued one takes the word's rest or the next word."""
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in flags.valued:
            value = letters.removeprefix("=") if letters else queue.pop(0) if queue else ""
            options.add((flags.valued[letter], value))
            return
        options.add((flags.switches.get(letter, letter), ""))
