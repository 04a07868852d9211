"""One layer's tar archive, read as data from a stream: nothing is unpacked anywhere.

Whiteouts come in two forms: as the names of AUFS (``.wh.name``, ``.wh..wh..opq``), which is what
layers are exchanged in, and as overlay's character devices 0/0, which is how they lie on a disk.
"""

from __future__ import annotations

import tarfile
import time
from dataclasses import dataclass, field, replace
from typing import IO, cast

from grader.probe.layers.facts import Entry, Kind, Layer, Sighting
from grader.probe.search import Pattern, Search, look
from grader.verdict.outcome import GraderError, LearnerFault

BUFFER = 1 << 18
MAX_BYTES = 3 << 30
MAX_ENTRIES = 250_000
MAX_SECONDS = 60.0
MAX_SIGHTINGS = 200
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"


class Budget:
    """What may be read of one image."""

    def __init__(self) -> None:
        self._bytes = 0
        self._entries = 0
        self._deadline = time.monotonic() + MAX_SECONDS

    def spend(self, size: int) -> None:
        """Count one entry of ``size`` bytes. Raises LearnerFault for too much of the learner's,
        GraderError when the time is over."""
        self._bytes += size
        self._entries += 1
        if self._bytes > MAX_BYTES:
            raise LearnerFault(f"The image's layers hold more than {MAX_BYTES >> 30} GiB.")
        if self._entries > MAX_ENTRIES:
            raise LearnerFault(f"The image's layers hold more than {MAX_ENTRIES} files.")
        if time.monotonic() > self._deadline:
            raise GraderError(
                f"The image's layers could not be read within {MAX_SECONDS:.0f} s. "
                "Nothing was scored."
            )


@dataclass
class Content:
    """What one layer's archive holds, while it is read. ``linked`` are the bytes of files that have
    a further name there: hard links, which hold nothing of their own. ``blob`` is the name under
    which ``docker save`` wrote the layer."""

    entries: dict[str, Entry] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    emptied: set[str] = field(default_factory=set)
    sightings: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    linked: int = 0
    blob: str = ""

    def layer(self, index: int, instruction: str) -> Layer:
        """The facts, when everything is read; ``index`` from the image's lowest layer."""
        entries = tuple(replace(entry, layer=index) for entry in self.entries.values())
        size = sum(entry.size for entry in entries if entry.kind == "file") - self.linked
        deleted, emptied = frozenset(self.deleted), frozenset(self.emptied)
        return Layer(index, instruction, size, entries, deleted, emptied)

    def seen(self, index: int) -> tuple[Sighting, ...]:
        found = [
            Sighting(name, form, path, index)
            for path, forms in self.sightings.items()
            for name, form in sorted(forms)
        ]
        return tuple(found[:MAX_SIGHTINGS])


def read(stream: IO[bytes], wanted: tuple[Pattern, ...], budget: Budget) -> Content:
    """Read one layer. Raises GraderError when it is no tar archive."""
    content = Content()
    try:
        with tarfile.open(fileobj=stream, mode="r|*") as archive:
            for member in archive:
                take(content, archive, member, member.name, wanted, budget)
                archive.members = []  # type: ignore[attr-defined]  # tarfile would keep them all
    except tarfile.ReadError as error:
        if "empty" in str(error):
            return content
        raise GraderError(f"A layer of the image can't be read ({error}).") from error
    return content


def take(
    content: Content,
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    name: str,
    wanted: tuple[Pattern, ...],
    budget: Budget,
) -> None:
    """Add one member of the archive, under ``name``, to what the layer holds."""
    budget.spend(member.size if member.isreg() else 0)
    path = "/" + name.strip("/").removeprefix("./")
    folder, _, last = path.rpartition("/")
    if last == OPAQUE:
        content.emptied.add(folder)
        return
    if last.startswith(WHITEOUT):
        content.deleted.add(f"{folder}/{last.removeprefix(WHITEOUT)}")
        return
    if member.ischr() and member.devmajor == member.devminor == 0:
        content.deleted.add(path)
        return
    if path in ("/", "/."):
        return
    if member.islnk():
        link(content, path, "/" + member.linkname.strip("/").removeprefix("./"))
        return
    content.entries[path] = _entry(path, member)
    found = _in_text(f"{path}\0{member.linkname}", wanted)
    if member.isreg() and member.size and wanted:
        stream = cast("IO[bytes]", archive.extractfile(member))
        found |= look(stream.read, member.size, wanted)
    if found:
        content.sightings[path] = found


def link(content: Content, path: str, target: str) -> None:
    """Make ``path`` another name of ``target``, of the same layer: a hard link, or one whiteout
    that stands for several."""
    if target in content.deleted:
        content.deleted.add(path)
        content.entries.pop(path, None)
    elif known := content.entries.get(target):
        content.entries[path] = replace(known, path=path)
        content.linked += known.size if known.kind == "file" else 0
        if found := content.sightings.get(target):
            content.sightings[path] = content.sightings.get(path, set()) | found


def _entry(path: str, member: tarfile.TarInfo) -> Entry:
    kind: Kind = "other"
    if member.isreg() or member.islnk():
        kind = "file"
    elif member.isdir():
        kind = "folder"
    elif member.issym():
        kind = "link"
    target = member.linkname if member.issym() else ""
    mode = member.mode & 0o7777
    return Entry(path, kind, mode, member.uid, member.gid, member.size, target, 0)


def _in_text(text: str, wanted: tuple[Pattern, ...]) -> set[tuple[str, str]]:
    search = Search(wanted)
    search.feed(text.encode("utf-8", "surrogateescape"))
    return {(name, "in its name") for name, _ in search.found}
