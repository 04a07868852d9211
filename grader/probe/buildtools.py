"""Compilers and make in an image's file system: by name on PATH, and by what they are under any
name. Reports what is there; whether it may be there is for a check to say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from grader.probe.layers import Entry, Sighting, resolve

MARKS: Mapping[str, bytes] = MappingProxyType(
    {"a compiler of GCC": b"COLLECT_GCC_OPTIONS", "GNU make": b"MAKE_TERMOUT"}
)
"""Bytes that stand in the programs themselves, and in nothing that they make."""

_NAME = re.compile(r"^(?:[\w.]+-)*(?:cc|gcc|g\+\+|c\+\+|make|gmake)(?:-[\d.]+)?$")
_USUAL = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Tool:
    """A build tool at ``path``. ``known_by`` is empty for its name, else what its content is."""

    path: str
    known_by: str


def find(
    filesystem: Mapping[str, Entry], sightings: Iterable[Sighting], search_path: str = ""
) -> tuple[Tool, ...]:
    """The build tools of a file system. ``search_path`` is the image's PATH."""
    folders = {
        found.path
        for folder in f"{search_path}:{_USUAL}".split(":")
        if (found := resolve(filesystem, folder)) is not None
    }
    named = [
        Tool(path, "")
        for path in filesystem
        if path.rpartition("/")[0] in folders and _NAME.match(path.rpartition("/")[2])
        if (program := resolve(filesystem, path)) is not None and program.is_executable
    ]
    known = {tool.path for tool in named}
    disguised = [
        Tool(sighting.path, sighting.name)
        for sighting in sightings
        if sighting.name in MARKS and sighting.form == "as it is" and sighting.path not in known
        if (entry := filesystem.get(sighting.path)) is not None
        if entry.layer == sighting.layer and entry.is_executable
    ]
    return (*sorted(named, key=lambda tool: (len(tool.path), tool.path)), *disguised)
