"""Text that is known only in part: the secrets, outputs and names that a run on GitHub would have.

A part that isn't known stands in the text as a mark with a name. The same mark is the same text, so
an image that is tagged and pushed under a name with a mark is still one image.
"""

from __future__ import annotations

import re

OPEN, CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{OPEN}(.)([^{OPEN}{CLOSE}]*){CLOSE}", re.S)

ANY, SOME, CHOSEN = "a", "s", "c"
"""Perhaps empty; not empty; not empty, and whatever the author of the workflow compares it with."""

FORK = "a-fork/"
"""The owner of a fork, whom no author chooses."""


_HIDDEN = {
    code: 0xE100 + code for code in range(128) if not (chr(code).isalnum() or chr(code) in "._-")
}
_SHOWN = {hidden: code for code, hidden in _HIDDEN.items()}
"""Within a mark, nothing may mean something to a shell or split a word."""


def mark(name: str, kind: str = ANY) -> str:
    """A part that isn't known. A name that holds marks itself holds their names."""
    return f"{OPEN}{kind}{' '.join(shown(name).split()).translate(_HIDDEN)}{CLOSE}"


def shown(text: str) -> str:
    """The text for people, marks as their names."""
    return _MARK.sub(lambda found: f"‹{found[2].translate(_SHOWN)}›", text)


def names(text: str) -> tuple[str, ...]:
    """The names of the marks in a text."""
    return tuple(found[2].translate(_SHOWN) for found in _MARK.finditer(text))


def marks(text: str) -> tuple[tuple[str, str], ...]:
    """(name, kind) of each mark in a text, once."""
    found = ((each[2].translate(_SHOWN), each[1]) for each in _MARK.finditer(text))
    return tuple(dict.fromkeys(found))


def plain(text: str) -> str:
    """A text from outside, which must not forge marks."""
    return text.replace(OPEN, "\ufffd").replace(CLOSE, "\ufffd")


def is_known(text: str) -> bool:
    return OPEN not in text


def is_empty(text: str) -> bool | None:
    """Whether the text is empty; None when that isn't known."""
    if _MARK.sub("", text) or any(found[1] != ANY for found in _MARK.finditer(text)):
        return False
    return None if text else True


def is_same(one: str, other: str) -> bool | None:
    """Whether two texts are equal but for case, as GitHub compares; None when that isn't known."""
    one, other = one.casefold(), other.casefold()
    if one == other:
        return True
    if is_known(one):
        one, other = other, one
    if is_known(one):
        return False
    if not is_known(other):
        return None
    if not _may_become(one, other):
        return False
    if not all(found[1] == CHOSEN for found in _MARK.finditer(one)):
        return None
    return not (other.endswith("[bot]") or other.startswith(FORK))


def _may_become(text: str, known: str) -> bool:
    """Whether marks may stand for what makes the text the known one.

    Each literal is looked for as early as it can stand: that is never wrong, and a regular
    expression could take for ever.
    """
    marks = list(_MARK.finditer(text))
    head = text[: marks[0].start()] if marks else text
    if not known.startswith(head):
        return False
    at, literal = len(head), ""
    ends = [*(found.start() for found in marks[1:]), len(text)]
    for index, (found, end) in enumerate(zip(marks, ends, strict=True)):
        at += found[1] != ANY
        literal = text[found.end() : end]
        if literal and index < len(marks) - 1:
            start = known.find(literal, at)
            if start < 0:
                return False
            at = start + len(literal)
    return len(known) - len(literal) >= at and known.endswith(literal)
