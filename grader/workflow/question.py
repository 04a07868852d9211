"""What a script decides that only a run on GitHub would know, seen in the shell's own trace.

A word that stands for an unknown value (see ``concrete``) shows where bash compares it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from grader.workflow import unknown
from grader.workflow.concrete import Concrete

_TEST = re.compile(r"^\++\d+\+(?:if |while |! )*('?\[\[?'?|test|case) (.*?)( '?\]\]?'?| in)?$")
_SAME = re.compile(r"^(\S+) (==?|!=|=~) (\S+|'.*')$")
_EMPTY = re.compile(r"^(-z|-n) (\S+)$|^(\S+)$")
_ARMS = re.compile(r"^\s*\(?\s*([\"'\w./|*?\[\]-]+)\)", re.M)


@dataclass(frozen=True)
class Question:
    """A test of a script's. ``name`` is the mark whose value decides, ``value`` the one with which
    it comes out the other way; ``chosen`` where the author of the workflow sets that value."""

    text: str
    name: str
    value: str
    chosen: bool


def asked(trace: str, script: str, concrete: Concrete) -> Iterator[Question]:
    """The tests of a run that an unknown value decided."""
    for line in dict.fromkeys(trace.splitlines()):
        found = _TEST.match(line)
        if not found:
            continue
        marked = concrete.back(found[2].replace("\\", ""))
        if unknown.is_known(marked):
            continue
        name, kind = unknown.marks(marked)[0]
        if kind == unknown.SOME and found[1] != "case" and not _SAME.match(marked):
            continue
        text = f"{unknown.shown(marked)}"
        for value in _values(found[1], marked, script):
            if value or kind == unknown.ANY:
                yield Question(text, name, value, kind == unknown.CHOSEN and value != "")


def _values(kind: str, test: str, script: str) -> Iterator[str]:
    """The values that would make the test come out another way."""
    if kind == "case":
        for arm in _ARMS.findall(script):
            for each in arm.split("|"):
                if plain := each.strip("\"'").replace("*", ""):
                    yield plain
        return
    for part in re.split(r" (?:&&|\|\||-a|-o) ", test):
        same, empty = _SAME.match(part), _EMPTY.match(part)
        if same and not (unknown.is_known(same[1]) and unknown.is_known(same[3])):
            other = same[3] if not unknown.is_known(same[1]) else same[1]
            if unknown.is_known(other):
                yield re.sub(r"[*^$'\"]", "", other)
        elif empty and not unknown.is_known(part):
            yield ""
