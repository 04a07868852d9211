"""What stands for an unknown value where a real program has to see one.

Marks (see ``unknown``) become random words on the way into the stage and marks again on the way
back, so that a name means one thing on both sides. Pieces of a word stay what a program made of
them. One instance belongs to one grading.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from types import MappingProxyType

from grader.workflow import unknown

_NUMBERS = re.compile(r"(^|\.)(run_id|run_number|id|number)$")
_WHOLE = re.compile(r"image \d+$")


class Concrete:
    """The words of one grading."""

    def __init__(self) -> None:
        owner, name = _word(8), _word(8)
        self._words = {
            "github.repository_owner": owner,
            "repository name": name,
            "github.repository": f"{owner}/{name}",
        }
        self._marks = {
            word: unknown.mark(each, unknown.CHOSEN) for each, word in self._words.items()
        }
        self._pattern: re.Pattern[str] | None = None

    def out(self, text: str, values: Mapping[str, str] = MappingProxyType({})) -> str:
        """A text as programs see it. ``values`` are chosen for marks by name."""
        if unknown.is_known(text):
            return text
        for name, kind in unknown.marks(text):
            word = values.get(name, self.word(name, kind))
            text = text.replace(unknown.mark(name, kind), word)
        return text

    def back(self, text: str) -> str:
        """A text of a program's, with marks for our words in it, in whatever case. Characters that
        make marks are no program's to write."""
        text = unknown.plain(text)
        if self._pattern is None:
            words = sorted(self._marks, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, words)), re.I)
        return self._pattern.sub(lambda found: self._marks[found[0].lower()], text)

    def names(self) -> tuple[str, ...]:
        """The marks that a program has seen so far."""
        return tuple(self._words)

    def word(self, name: str, kind: str = unknown.SOME) -> str:
        """What stands for a mark of that name."""
        if name not in self._words:
            self._words[name] = made = _made(name)
            self._marks[made.lower()] = unknown.mark(name, kind)
            self._pattern = None
        return self._words[name]


def _made(name: str) -> str:
    if name.startswith("secrets."):
        letters = string.ascii_letters + string.digits
        return "".join(secrets.choice(letters) for _ in range(40))
    if _WHOLE.match(name):
        return f"sha256:{secrets.token_hex(32)}"
    return str(secrets.randbelow(9 * 10**10) + 10**10) if _NUMBERS.search(name) else _word(11)


def _word(length: int) -> str:
    letters = string.ascii_lowercase + string.digits
    return secrets.choice(string.ascii_lowercase) + "".join(
        secrets.choice(letters) for _ in range(length)
    )
