"""What is asked of the stage, and what comes back. Plain values; nothing here runs anything."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Node = tuple[str, ...]
"""A file (``f``, mode, content in base64), a link (``l``, target) or a folder (``d``)."""
Files = Mapping[str, Node]
"""By absolute path; parents that aren't there are made."""


def file(content: bytes, mode: int = 0o644) -> Node:
    return ("f", str(mode), base64.b64encode(content).decode())


def content(node: Node | None) -> bytes | None:
    """What a file holds; None for anything else."""
    return base64.b64decode(node[2]) if node and node[0] == "f" else None


@dataclass(frozen=True)
class Script:
    """A text and the command that runs it, ``{0}`` standing for its file.

    ``environment`` is the whole one but for PATH; ``tools`` are the programs on PATH that no
    runner has by itself; ``files`` all that is there before.
    """

    text: str
    shell: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str
    files: Files = field(default_factory=dict)
    tools: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Call:
    """How a stand-in was called. ``given`` is its standard input, where such a call reads it;
    ``read`` gives a file of the script's, by a path that may be relative to ``folder``."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    folder: str
    given: str
    read: Callable[[str], bytes | None] = field(compare=False)


@dataclass(frozen=True)
class Reply:
    """What a stand-in does: write files, become another program or print and end, and put tools
    on PATH."""

    code: int = 0
    out: str = ""
    err: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    become: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    install: tuple[str, ...] = ()


Answer = Callable[[Call], Reply]


@dataclass(frozen=True)
class Ended:
    """How a script ended: exit code, all that it printed (both streams), the shell's own trace
    where it is bash (``+LINE+ command``), and the files and tools that are there now.

    ``trouble`` says why the script couldn't be started, or what the stage stopped it for.
    """

    code: int
    printed: str
    trace: str
    files: Files
    tools: frozenset[str]
    trouble: str = ""
