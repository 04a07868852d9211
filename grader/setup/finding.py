"""One thing that the doctor looked at, and version numbers in the form that can be compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "missing"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found and, unless it is fine, what to do."""

    name: str
    level: Level
    found: str
    advice: str = ""


def number(text: str) -> tuple[int, ...]:
    """The first three numbers of a version, without what a distribution adds."""
    return tuple(int(part) for part in re.findall(r"\d+", text.split("+")[0].split("~")[0])[:3])
