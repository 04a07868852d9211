"""Whether a service could change the code that it runs."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator, Mapping

from grader.probe.layers import Entry, Layers
from grader.verdict.facts import Process
from grader.verdict.report import Evidence

_CODE = re.compile(r"\.(py|pyc|so)$|\.so\.[\d.]+$")
_STICKY = 0o1000


def assert_not_writable(
    processes: Iterable[Process], layers: Layers, filesystem: Mapping[str, Entry], service: str
) -> None:
    """No process can change the service's file or an installed package, or replace it by way of
    a folder."""
    paths = _service(filesystem, layers, service)
    for process in processes:
        for path in (*paths, *_code(filesystem, layers)):
            found = _writable(process, path, filesystem, whole=path in paths)
            assert found is None, _sentence(path, found, process) if found else ""


def show(filesystem: Mapping[str, Entry], layers: Layers, service: str) -> Evidence:
    """Who owns the service's file, as tar lists it."""
    path = next(iter(_service(filesystem, layers, service)), f"/app/{service}")
    entry = filesystem.get(path)
    name = path.rpartition("/")[2]
    mode = stat.filemode(stat.S_IFREG | entry.mode) if entry else ""
    seen = f"{mode} {entry.uid}/{entry.gid} {name}" if entry else "(no such file)"
    look = f"docker cp web:{path} - | tar -tv --numeric-owner"
    return Evidence(look + " | awk '{print $1, $2, $6}'", seen)


def _service(filesystem: Mapping[str, Entry], layers: Layers, service: str) -> list[str]:
    return [
        path
        for path, entry in filesystem.items()
        if path.endswith(f"/{service}") and entry.layer >= layers.base_layers
        if "/site-packages/" not in path and "/dist-packages/" not in path
    ]


def _code(filesystem: Mapping[str, Entry], layers: Layers) -> Iterator[str]:
    for path, entry in filesystem.items():
        if entry.kind == "file" and entry.layer >= layers.base_layers and _CODE.search(path):
            yield path


def _writable(
    process: Process, path: str, filesystem: Mapping[str, Entry], *, whole: bool
) -> Entry | None:
    """The entry that lets a process change ``path``: itself, its folder or (``whole``) one above
    that. In a sticky folder only the owner of an entry may replace it."""
    entry = filesystem[path]
    if _may_write(process, entry):
        return entry
    child = entry
    while (folder := child.path.rpartition("/")[0]) and folder in filesystem:
        above = filesystem[folder]
        held = above.mode & _STICKY and not _owns(process, above) and not _owns(process, child)
        if _may_write(process, above) and not held:
            return above
        if not whole:
            return None
        child = above
    return None


def _owns(process: Process, entry: Entry) -> bool:
    return process.uids[1] == entry.uid


def _may_write(process: Process, entry: Entry) -> bool:
    """Root may; the owner may give itself the right."""
    uid = process.uids[1]
    groups = frozenset((process.gids[1], *process.groups))
    return uid == 0 or _owns(process, entry) or entry.is_writable_by(uid, groups)


def _sentence(path: str, through: Entry, process: Process) -> str:
    who = f"{process.command_line!r} (uid {process.uids[1]}, gid {process.gids[1]})"
    rights = f"it belongs to {through.uid}:{through.gid} with the mode {through.mode:04o}"
    if through.path == path:
        return f"{who} can change {path}: {rights}."
    return f"{who} can replace {path}, because it can write to {through.path}: {rights}."
