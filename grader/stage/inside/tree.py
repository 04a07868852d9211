"""The files that scripts see: put there, and told where a script changed them.

A node is ``["f", mode, content]``, ``["l", target]`` or ``["d"]``; contents are base64.
"""

import base64
import os
import shutil
import stat
from collections.abc import Iterator

ROOTS = ("/home/runner", "/tmp", "/app")
MAX_NODES = 3000
MAX_BYTES = 8 << 20
MAX_FILE_BYTES = 16 << 20
IGNORED = frozenset({"__pycache__"})

_known: dict[str, list[object]] = {}
"""What is there, as it was last told or put."""
_stamps: dict[str, tuple[int, int, int, int]] = {}


def put(files: dict[str, list[object]], gone: list[str], fresh: bool) -> None:
    """Change what is there, or start from nothing where it isn't known what there is."""
    for root in ROOTS if fresh else ():
        for name in os.listdir(root):
            _remove(os.path.join(root, name))
    for path in sorted(gone, reverse=True):
        _known.pop(path, None)
        _stamps.pop(path, None)
        _remove(path)
    for path in sorted(files):
        node = files[path]
        if node[0] != "d" or not os.path.isdir(path) or os.path.islink(path):
            _remove(path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            _make(path, node)
        _known[path] = node
        _stamps[path] = _stamp(os.lstat(path))


def _make(path: str, node: list[object]) -> None:
    if node[0] == "d":
        os.makedirs(path, exist_ok=True)
    elif node[0] == "l":
        os.symlink(str(node[1]), path)
    else:
        with open(path, "wb") as file:
            file.write(base64.b64decode(str(node[2])))
        os.chmod(path, int(str(node[1])))


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    elif os.path.lexists(path):
        os.unlink(path)


def changes() -> tuple[dict[str, list[object] | None], str]:
    """(each changed path with its node, None where it is gone; what was too much to tell)."""
    found: dict[str, list[object] | None] = {}
    seen: set[str] = set()
    total = 0
    for path, facts in _walk():
        seen.add(path)
        if len(seen) > MAX_NODES:
            return {}, f"more than {MAX_NODES} files"
        stamp = _stamp(facts)
        if stamp == _stamps.get(path):
            continue
        node = _node(path, facts)
        if node[0] == "f":
            total += facts.st_size
            if total > MAX_BYTES:
                return {}, f"more than {MAX_BYTES >> 20} MiB"
            node.append(_content(path))
        if node != _known.get(path):
            found[path] = node
        _known[path], _stamps[path] = node, stamp
    for path in set(_known) - seen:
        found[path] = None
        del _known[path], _stamps[path]
    return found, ""


def _walk() -> Iterator[tuple[str, os.stat_result]]:
    folders = list(ROOTS)
    while folders:
        folder = folders.pop()
        try:
            os.chmod(folder, 0o755) if not os.access(folder, os.R_OK | os.X_OK) else None
            entries = sorted(os.scandir(folder), key=lambda each: each.name)
        except OSError:
            continue
        for entry in entries:
            facts = entry.stat(follow_symlinks=False)
            kinds = (stat.S_ISREG, stat.S_ISDIR, stat.S_ISLNK)
            if entry.name in IGNORED:
                continue
            if not any(kind(facts.st_mode) for kind in kinds):
                os.unlink(entry.path)  # a pipe or a socket leads to nobody any more
                continue
            yield entry.path, facts
            if stat.S_ISDIR(facts.st_mode):
                folders.append(entry.path)


def _stamp(facts: os.stat_result) -> tuple[int, int, int, int]:
    if stat.S_ISDIR(facts.st_mode):
        return (facts.st_ino, 0, 0, 0)
    return (facts.st_ino, facts.st_mtime_ns, facts.st_size, facts.st_mode)


def _node(path: str, facts: os.stat_result) -> list[object]:
    if stat.S_ISDIR(facts.st_mode):
        return ["d"]
    if stat.S_ISLNK(facts.st_mode):
        return ["l", os.readlink(path)]
    return ["f", str(stat.S_IMODE(facts.st_mode))]


def _content(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return base64.b64encode(file.read()).decode()
    except PermissionError:
        os.chmod(path, 0o600)
        with open(path, "rb") as file:
            return base64.b64encode(file.read()).decode()


def read(path: str) -> bytes | None:
    """A regular file's content, bounded; None for anything else."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with open(handle, "rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError:
        return None


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(text)
