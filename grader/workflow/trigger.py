"""Whether an event starts a workflow: ``on`` with its filters.

Patterns are matched by following all ways at once, so that none can take long.
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MAX_PATTERN = 500


@dataclass(frozen=True)
class Event:
    """What happened. ``branch`` is the one pushed to, or the one a pull request would go into."""

    name: str
    title: str
    github: Mapping[str, Any]
    branch: str = ""
    tag: str = ""
    types: frozenset[str] = frozenset()
    is_fork: bool = False


def starts(triggers: Mapping[str, Any], event: Event, changed: Iterable[str]) -> bool:
    """Whether ``event`` starts a workflow with these triggers. ``changed`` are files' names."""
    if event.name not in triggers:
        return False
    settings = triggers[event.name]
    if not isinstance(settings, dict):
        return True
    if "types" in settings and event.types and not event.types & set(_list(settings["types"])):
        return False
    if event.tag:
        if not {"tags", "tags-ignore"} & set(settings):
            return not {"branches", "branches-ignore"} & set(settings)
        return _allowed(settings, "tags", [event.tag])
    only_tags = {"tags", "tags-ignore"} & set(settings)
    if only_tags and not {"branches", "branches-ignore"} & set(settings):
        return False
    if event.branch and not _allowed(settings, "branches", [event.branch]):
        return False
    return _allowed(settings, "paths", list(changed))


def _list(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _allowed(settings: Mapping[str, Any], kind: str, names: list[str]) -> bool:
    """Whether any of the names passes the filters of one kind."""
    if kind in settings:
        return any(_chosen(_list(settings[kind]), name) for name in names)
    ignored = _list(settings.get(f"{kind}-ignore", []))
    return any(not _chosen(ignored, name) for name in names)


def _chosen(patterns: list[str], name: str) -> bool:
    """The last pattern that matches decides; ``!`` takes out again."""
    chosen = False
    for pattern in patterns:
        if matches(pattern.removeprefix("!"), name):
            chosen = not pattern.startswith("!")
    return chosen


Piece = tuple[Callable[[str], bool], bool, bool]
"""Which characters, may it be missing, may it repeat."""


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name matches."""
    pieces = _pieces(pattern[:MAX_PATTERN])
    ways = _skipping({0}, pieces)
    for character in name:
        reached = set()
        for at in ways:
            if at < len(pieces) and pieces[at][0](character):
                reached |= {at + 1, at} if pieces[at][2] else {at + 1}
        ways = _skipping(reached, pieces)
    return len(pieces) in ways


def _skipping(ways: set[int], pieces: list[Piece]) -> set[int]:
    found = set(ways)
    for at in sorted(ways):
        while at < len(pieces) and pieces[at][1]:
            at += 1
            found.add(at)
    return found


def _pieces(pattern: str) -> list[Piece]:
    found: list[Piece] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if pattern.startswith("**", at):
            at += 3 if pattern.startswith("**/", at) else 2
            found.append((lambda each: True, True, True))
            continue
        at += 1
        if character == "*":
            found.append((lambda each: each != "/", True, True))
        elif character in "?+" and found:
            allowed, missing, _ = found.pop()
            found.append((allowed, character == "?" or missing, character == "+"))
        elif character == "[" and "]" in pattern[at + 1 :]:
            end = pattern.index("]", at + 1)
            found.append((_among(pattern[at:end]), False, False))
            at = end + 1
        else:
            if character == "\\" and at < len(pattern):
                character, at = pattern[at], at + 1
            found.append((lambda each, own=character: each == own, False, False))  # type: ignore[misc]
    return found


def _among(inner: str) -> Callable[[str], bool]:
    single: set[str] = set()
    ranges: list[tuple[str, str]] = []
    at = 0
    while at < len(inner):
        if at + 2 < len(inner) and inner[at + 1] == "-":
            ranges.append((inner[at], inner[at + 2]))
            at += 3
        else:
            single.add(inner[at])
            at += 1
    return lambda each: each in single or any(low <= each <= high for low, high in ranges)
