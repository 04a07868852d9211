"""Archives of images, and the files that jobs hand on.

What ``docker save`` writes on the stage is a short text that names the builds: real programs
compress, move and unpack it, and ``docker load`` finds it again.
"""

from __future__ import annotations

import base64
import bz2
import fnmatch
import json
import lzma
import posixpath
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence

from grader.stage import Node
from grader.workflow.machine import Build, Image

_ARCHIVE = re.compile(rb"lab-image-archive:([A-Za-z0-9+/=]+):")
MAX_BYTES = 8 << 20


def text(pairs: Iterable[tuple[str, Image]]) -> str:
    """An archive of images under their names."""
    named = [[name, sorted(build.number for build in image)] for name, image in pairs]
    return f"lab-image-archive:{base64.b64encode(json.dumps(named).encode()).decode()}:\n"


def images(content: bytes | None, builds: Sequence[Build]) -> tuple[tuple[str, Image], ...]:
    """The images in an archive, also in a compressed one; none where it isn't one."""
    found: list[tuple[str, Image]] = []
    for each in _ARCHIVE.finditer(_unpacked(content or b"")):
        try:
            for name, numbers in json.loads(base64.b64decode(each[1])):
                found.append((name, frozenset(builds[number - 1] for number in numbers)))
        except (ValueError, TypeError, IndexError):
            continue
    return tuple(found)


def _unpacked(content: bytes) -> bytes:
    """docker load takes archives as they come out of gzip, bzip2 and xz."""
    try:
        if content.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(31).decompress(content, MAX_BYTES)
        if content.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(content, MAX_BYTES)
        if content.startswith(b"\xfd7zXZ"):
            return lzma.LZMADecompressor().decompress(content, MAX_BYTES)
    except (zlib.error, OSError, EOFError, lzma.LZMAError):
        return b""
    return content


def chosen(files: Mapping[str, Node], patterns: Iterable[str], folder: str) -> dict[str, Node]:
    """What an upload of ``patterns`` takes along, by paths within the artifact.

    https://github.com/actions/upload-artifact#upload-using-multiple-paths-and-exclusions
    """
    taken: dict[str, Node] = {}
    roots = []
    for pattern in patterns:
        path = posixpath.normpath(posixpath.join(folder, pattern.replace("~", "/home/runner", 1)))
        fixed = re.split(r"[*?\[]", path)[0]
        found = {
            name: node
            for name, node in files.items()
            if node[0] == "f"
            and (name == path or name.startswith(f"{path}/") or fnmatch.fnmatch(name, path))
        }
        if found:
            is_folder = path not in files or files[path][0] == "d"
            roots.append(posixpath.dirname(fixed) if fixed != path or not is_folder else path)
        taken |= found
    root = posixpath.commonpath(roots) if roots else folder
    return {posixpath.relpath(name, root): node for name, node in taken.items()}


def under(files: Mapping[str, Node], paths: Iterable[str], folder: str) -> dict[str, Node]:
    """The files and folders at and below these paths, where they are."""
    roots = [normal(path.replace("~", "/home/runner", 1), folder) for path in paths]
    return {
        name: node
        for name, node in files.items()
        if any(name == root or name.startswith(f"{root}/") for root in roots)
    }


def normal(path: str, folder: str = "/") -> str:
    """An absolute path without . and .."""
    return posixpath.normpath(posixpath.join(folder, path))


def fits(name: str, pattern: str) -> bool:
    """Whether an artifact's name fits a pattern of a download."""
    return fnmatch.fnmatch(name, pattern)
