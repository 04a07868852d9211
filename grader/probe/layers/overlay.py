"""The quick way to an image's upper layers where the engine keeps them with overlay2.

``docker save`` copies every layer, the base's hundreds of megabytes too. Here a container that is
never started gets the folders of the wanted layers as read-only mounts, and the engine packs them
as ``docker cp`` does. One thing isn't in such an archive: the mark on a folder that hides what lies
below it. ``uncover`` finds those folders out by asking the engine for single paths.
"""

from __future__ import annotations

import secrets
import tarfile
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, cast

from grader.engine.client.call import Refused
from grader.engine.image import Image
from grader.engine.sandbox import host_config
from grader.probe.bench import Bench
from grader.probe.layers import archive
from grader.probe.layers.archive import Budget, Content
from grader.probe.layers.facts import Entry, parents
from grader.probe.search import Pattern

DRIVER = "overlay2"
_OF_EVERY_CONTAINER = frozenset(
    {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/.dockerenv"}
    | {"/dev", "/dev/console", "/dev/pts", "/dev/shm", "/proc", "/sys"}  # noqa: S108
)
"""Paths that the engine makes in each container, whatever its image holds."""


def folders(data: Mapping[str, Any], layers: int) -> tuple[str, ...]:
    """Where the engine keeps each layer, the lowest first; empty where it doesn't say."""
    driver = data.get("GraphDriver") or {}
    if driver.get("Name") != DRIVER:
        return ()
    places = driver.get("Data") or {}
    lower = [place for place in places.get("LowerDir", "").split(":") if place]
    found = (*reversed(lower), places.get("UpperDir", ""))
    return found if len(found) == layers and all(found) else ()


def read(
    bench: Bench,
    image: Image,
    places: Sequence[str],
    wanted: tuple[Pattern, ...],
    budget: Budget,
) -> tuple[Content, ...] | None:
    """The contents of the layers kept in ``places``; None when this engine mounts no such
    folders (one in a virtual machine may not)."""
    root = secrets.token_hex(8)  # nothing in an image can stand in its way
    binds = [f"{place}:/{root}/{number}:ro" for number, place in enumerate(places)]
    try:
        container = _shell(bench, image, {"Binds": binds})
    except Refused:
        return None
    contents = tuple(Content() for _ in places)
    try:
        with (
            bench.engine.archive(container, f"/{root}") as stream,
            tarfile.open(
                fileobj=cast("IO[bytes]", stream), mode="r|", bufsize=archive.BUFFER
            ) as packed,
        ):
            for member in packed:
                _, number, name = (*member.name.split("/", 2), "", "")[:3]
                if not name:
                    continue
                content = contents[int(number)]
                if member.islnk():
                    _link(contents, content, name, member.linkname)
                else:
                    archive.take(content, packed, member, name, wanted, budget)
                packed.members = []  # type: ignore[attr-defined]
    except (Refused, tarfile.TarError, ValueError, IndexError):
        return None
    finally:
        bench.later(lambda: bench.engine.remove(container))
    return contents


def _link(contents: Sequence[Content], content: Content, name: str, linkname: str) -> None:
    """A hard link. Overlay's whiteouts are links to one another, across layers too."""
    _, number, target = (*linkname.strip("/").split("/", 2), "", "")[:3]
    origin = contents[int(number)]
    if f"/{target}" in origin.deleted:
        content.deleted.add(f"/{name}")
    elif origin is content:
        archive.link(content, f"/{name}", f"/{target}")


def uncover(
    bench: Bench, image: Image, view: Mapping[str, Entry], listed: Mapping[str, int], below: int
) -> dict[str, Entry]:
    """``view`` without what a folder that was made anew hides.

    ``listed`` maps the folders of the upper layers to the highest layer that has them, ``below``
    counts the layers of the base.
    """
    container = _shell(bench, image, {})
    try:
        return _uncovered(view, listed, below, lambda path: bench.engine.has_path(container, path))
    finally:
        bench.later(lambda: bench.engine.remove(container))


def _uncovered(
    view: Mapping[str, Entry],
    listed: Mapping[str, int],
    below: int,
    is_there: Callable[[str], bool],
) -> dict[str, Entry]:
    """The deepest folders come first: what is seen in one, of the lowest layer that it has
    anything of, is hidden by no folder above it either."""
    children: dict[str, list[Entry]] = {}
    for entry in view.values():
        folder = entry.path.rpartition("/")[0]
        if folder in listed and entry.layer < listed[folder]:
            children.setdefault(folder, []).append(entry)
    seen: dict[str, int] = {}
    hidden: list[Entry] = []
    for folder in sorted(children, key=lambda path: -path.count("/")):
        by_level: dict[int, list[Entry]] = {}
        for entry in children[folder]:
            if entry.path not in _OF_EVERY_CONTAINER:
                by_level.setdefault(max(entry.layer, below - 1), []).append(entry)
        for level in sorted(by_level):
            if seen.get(folder, level + 1) <= level or is_there(by_level[level][0].path):
                for parent in (folder, *parents(folder)):
                    seen[parent] = min(level, seen.get(parent, level))
                break
            hidden += by_level[level]
    if not hidden:
        return dict(view)
    gone = {(entry.path, entry.layer) for entry in hidden}
    return {
        path: entry
        for path, entry in view.items()
        if (path, entry.layer) not in gone
        and not any(_hides(gone, view, parent, entry) for parent in parents(path))
    }


def _hides(
    gone: set[tuple[str, int]], view: Mapping[str, Entry], parent: str, entry: Entry
) -> bool:
    above = view.get(parent)
    return above is not None and (parent, above.layer) in gone and entry.layer <= above.layer


def _shell(bench: Bench, image: Image, host: Mapping[str, Any]) -> str:
    """A container of the image that is never started."""
    body = {
        "Image": image.id,
        "Cmd": ["never-started"],
        "Labels": bench.session.labels,
        "HostConfig": host_config(
            bench.limits,
            network="none",
            host_cpus=bench.engine.facts.cpus,
            volumes=image.volumes,
            overrides=host,
        ),
    }
    return bench.session.owns(bench.engine.create(body))
