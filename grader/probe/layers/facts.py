"""What the layers of an image hold: frozen facts. Nothing here reads an archive or judges."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Literal

MAX_LINKS = 40
"""As many links as the kernel follows."""

Kind = Literal["file", "folder", "link", "other"]


@dataclass(frozen=True)
class Entry:
    """One path of a layer. ``path`` is absolute; ``size`` in bytes; ``target`` is where a symbolic
    link points; ``layer`` counts from 0, the image's lowest layer."""

    path: str
    kind: Kind
    mode: int
    uid: int
    gid: int
    size: int
    target: str
    layer: int

    @property
    def is_executable(self) -> bool:
        return self.kind == "file" and bool(self.mode & 0o111)

    def is_writable_by(self, uid: int, groups: frozenset[int]) -> bool:
        """Whether the mode bits let a user without capabilities write here."""
        if uid == self.uid:
            return bool(self.mode & 0o200)
        return bool(self.mode & (0o020 if self.gid in groups else 0o002))


@dataclass(frozen=True)
class Sighting:
    """Where bytes that were looked for lie: ``name`` says which ones, ``form`` how (``as it is``,
    ``base64``, either of them with ``, compressed`` behind it, or ``in its name``)."""

    name: str
    form: str
    path: str
    layer: int


@dataclass(frozen=True)
class Layer:
    """One layer. ``instruction`` made it; ``size`` is that of its files in bytes, unpacked, as
    ``docker history`` counts it (containerd's store in whole blocks of the disk). ``deleted`` are
    paths that it takes away, ``emptied`` folders whose content below is hidden by it."""

    index: int
    instruction: str
    size: int
    entries: tuple[Entry, ...] = ()
    deleted: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Layers:
    """The layers of the image ``image`` above the lab's base that it stands on, the lowest first.

    ``base`` is the lab's name of that base, empty when the image stands on none; ``base_layers``
    is how many layers that base has. ``knows_emptied`` is false where the way that they were read
    doesn't tell which folders a layer emptied.
    """

    image: str
    base: str
    base_layers: int
    above: tuple[Layer, ...]
    sightings: tuple[Sighting, ...]
    knows_emptied: bool = True

    @property
    def size(self) -> int:
        """Bytes of all files above the base, those too that a later layer takes away."""
        return sum(layer.size for layer in self.above)

    def largest(self, count: int = 3) -> tuple[Layer, ...]:
        """The largest layers above the base, the largest first."""
        return tuple(sorted(self.above, key=lambda layer: -layer.size)[:count])

    def layer(self, index: int) -> Layer:
        return self.above[index - self.base_layers]

    def folders(self) -> dict[str, int]:
        """Every folder that a layer has, and the highest layer that has it."""
        return {
            entry.path: layer.index
            for layer in self.above
            for entry in layer.entries
            if entry.kind == "folder"
        }


def stack(layers: tuple[Layer, ...], below: Mapping[str, Entry]) -> dict[str, Entry]:
    """The file system that comes of laying ``layers`` over ``below``: path -> entry."""
    view = dict(below)
    for layer in layers:
        _take_away(view, layer)
        for entry in layer.entries:
            known = view.get(entry.path)
            if known and known.kind == "folder" and entry.kind != "folder":
                _remove_below(view, {entry.path})
            view[entry.path] = entry
    return view


def _take_away(view: dict[str, Entry], layer: Layer) -> None:
    _remove_below(view, layer.deleted | layer.emptied)
    for path in layer.deleted:
        view.pop(path, None)


def _remove_below(view: dict[str, Entry], folders: Set[str]) -> None:
    folders = {path for path in folders if path not in view or view[path].kind == "folder"}
    if not folders:
        return
    gone = [path for path in view if any(parent in folders for parent in parents(path))]
    for path in gone:
        del view[path]


def parents(path: str) -> list[str]:
    """The folders above ``path``, the nearest first, without the root."""
    found = []
    while (path := path.rpartition("/")[0]) != "":
        found.append(path)
    return found


def resolve(view: Mapping[str, Entry], path: str) -> Entry | None:
    """What stands at ``path`` in the end, symbolic links followed as the kernel does."""
    parts, place, links = path.strip("/").split("/"), "", 0
    while parts:
        part = parts.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            place = place.rpartition("/")[0]
            continue
        entry = view.get(f"{place}/{part}")
        if entry is None:
            return None
        if entry.kind == "link":
            links += 1
            if links > MAX_LINKS:
                return None
            place = "" if entry.target.startswith("/") else place
            parts = [*entry.target.split("/"), *parts]
            continue
        place = entry.path
    return view.get(place)
