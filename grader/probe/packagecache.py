"""What package managers leave in an image's file system: apt's lists and archives, pip's and uv's
caches, wherever HOME or PIP_CACHE_DIR put them: a cache is known by the names that it gives."""

from __future__ import annotations

import re
from collections.abc import Mapping

from grader.probe.layers import Entry

_KINDS: Mapping[str, re.Pattern[str]] = {
    "apt's package lists": re.compile(r"^/var/lib/apt/lists/(?!lock$).+"),
    "packages that apt downloaded": re.compile(r"^/var/cache/apt/archives/.+\.deb$"),
    "pip's cache": re.compile(
        r"/\.cache/pip/|/http(-v2)?/([0-9a-f]/){3,5}[0-9a-f]{40,}|/wheels/([0-9a-f]{2}/){3}[0-9a-f]{20,}/"
    ),
    "uv's cache": re.compile(r"/\.cache/uv/"),
}


def find(filesystem: Mapping[str, Entry], base_layers: int) -> dict[str, list[Entry]]:
    """The files of each kind of cache that lie above the lab's base."""
    found: dict[str, list[Entry]] = {}
    for entry in filesystem.values():
        is_link = entry.kind == "link"  # apt's way to list a repository on the same disk
        if entry.layer < base_layers or not (is_link or (entry.kind == "file" and entry.size)):
            continue
        for kind, pattern in _KINDS.items():
            if pattern.search(entry.path):
                found.setdefault(kind, []).append(entry)
                break
    return found
