"""What the lab's own stores of packages hold, and what there is in place of what they don't.

The stores are made from docker/base; a message about a package that isn't there names what is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

BASE = Path(__file__).resolve().parents[2] / "docker" / "base"
Kind = Literal["python", "debian"]
LISTS: Mapping[Kind, str] = {"python": "docker/base/wheels.in", "debian": "docker/base/apt.txt"}
_PINNED = re.compile(r"(?m)^([A-Za-z0-9._-]+)==([^\s;\\]+)")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def instead(kind: Kind, asked: str) -> str:
    """A sentence that says what the lab has in place of a requirement (``numpy==9``, ``clang``)."""
    match = _NAME.match(asked)
    name = _canonical(match[0]) if match else ""
    if kind == "python" and name in (versions := _versions()):
        return f"It holds {name} {versions[name]}."
    if kind == "debian" and name in (BASE / "apt.txt").read_text("utf-8").split():
        return f"It holds {name} as Debian 12 has it."
    for there, names in _table()[kind].items():
        if name in names:
            return f"There is {there}."
    return f"{LISTS[kind]} lists what there is."


@lru_cache(maxsize=1)
def _versions() -> Mapping[str, str]:
    """By canonical name, the version of each wheel in the store."""
    text = (BASE / "wheels.lock").read_text("utf-8")
    return {_canonical(name): version for name, version in _PINNED.findall(text)}


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Mapping[str, list[str]]]:
    table: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
        (BASE / "instead.toml").read_text("utf-8")
    )
    return table


def _canonical(name: str) -> str:
    """A project's name as PyPI compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
