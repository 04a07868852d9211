"""The layers of an image: which instruction made each, what it holds, takes away, and hides.

Everything comes through the engine and is read as data, within bounds. The layers of the lab's
own base are left out: they are nobody's answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import IO, Any, cast

from grader.engine import bases
from grader.engine import image as images
from grader.engine.client import Engine
from grader.engine.client.call import ByteStream, Refused
from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.probe.layers import index, overlay, saved
from grader.probe.layers.archive import Budget, Content
from grader.probe.layers.facts import Entry, Layer, Layers, Sighting, resolve, stack
from grader.probe.search import Pattern, patterns

__all__ = ["Entry", "Layer", "Layers", "Sighting", "beyond_slim", "filesystem", "read"]
__all__ += ["resolve", "stack"]

_METADATA = frozenset(
    {"ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER"}
    | {"ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME"}
)
"""Instructions that make no layer."""


def read(
    bench: Bench,
    image: Image,
    needles: Mapping[str, bytes] = MappingProxyType({}),
    *,
    quick: bool = True,
) -> Layers:
    """Read an image's layers above the lab's base, and look in them for ``needles`` (name ->
    bytes). Without ``quick``, always through ``docker save``. Raises GraderError, or LearnerFault
    for an image beyond all bounds."""
    data = bench.engine.image(image.id)
    diffs = _diffs(data)
    base, below = _base(bench.engine, diffs)
    wanted = patterns(needles)
    places = overlay.folders(data, len(diffs)) if quick else ()
    found = overlay.read(bench, image, places[below:], wanted, Budget()) if places else None
    is_quick = found is not None
    if found is None:
        with bench.engine.save(image.id) as stream:
            found = _saved(stream, wanted, diffs, below)
    made_by = instructions(image, len(diffs))
    numbered = list(enumerate(found, below))
    return Layers(
        image.id,
        base,
        below,
        tuple(content.layer(number, made_by[number]) for number, content in numbered),
        tuple(sighting for number, content in numbered for sighting in content.seen(number)),
        knows_emptied=not is_quick,
    )


def _saved(
    stream: ByteStream, wanted: tuple[Pattern, ...], diffs: Sequence[str], below: int
) -> tuple[Content, ...]:
    """The contents of the layers above the base, from ``docker save``. Which blobs hold the base's
    layers is known once an image on it was read: then they are passed over."""
    skipped = [*diffs[:below], *index.blobs(diffs[:below])]
    found = saved.read(cast("IO[bytes]", stream), wanted, Budget(), skipped)
    index.keep_blobs(diffs[:below], [content.blob for content in found[:below]])
    return found[below:]


def beyond_slim(bench: Bench, layers: Layers) -> int:
    """Bytes of files that the image holds beyond those of the lab's python:3.11-slim, layer by
    layer and unpacked: the same figure on every image store. What the engine calls an image's size
    isn't (containerd's store counts what it packed, and since Engine 28 both). Raises GraderError.
    """
    if layers.base == bases.SLIM:
        return layers.size
    return layers.size + _bytes(bench, layers.base) - _bytes(bench, bases.SLIM)


def _bytes(bench: Bench, base: str) -> int:
    entries = _of_base(bench, base).values() if base else ()
    return sum(entry.size for entry in entries if entry.kind == "file")


def _of_base(bench: Bench, name: str) -> Mapping[str, Entry]:
    """The file system of a base of the lab's: path -> entry."""
    base = images.inspect(bench.engine, name)
    return index.recall(base.diffs, lambda: _listed(bench, base))


def filesystem(bench: Bench, layers: Layers) -> Mapping[str, Entry]:
    """What the image's file system holds in the end: path -> entry. Raises GraderError."""
    below: Mapping[str, Entry] = {}
    if layers.base:
        below = _of_base(bench, layers.base)
    view = stack(layers.above, below)
    if layers.knows_emptied:
        return view
    image = images.inspect(bench.engine, layers.image)
    return overlay.uncover(bench, image, view, layers.folders(), layers.base_layers)


def _listed(bench: Bench, base: Image) -> Mapping[str, Entry]:
    """The whole file system of a base of the lab's."""
    with bench.engine.save(base.id) as stream:
        found = saved.read(cast("IO[bytes]", stream), (), Budget())
    return stack(tuple(content.layer(number, "") for number, content in enumerate(found)), {})


def instructions(image: Image, layers: int) -> tuple[str, ...]:
    """The instruction of each layer, the lowest first, as ``docker history`` words it."""
    texts = map(_plain, reversed(image.history))
    made = [text for text in texts if text.partition(" ")[0] not in _METADATA]
    missing = layers - len(made)
    return ("",) * missing + tuple(made[-layers:] if layers else ())


def _plain(created_by: str) -> str:
    """An instruction without what BuildKit and its predecessor put around it."""
    text = created_by.removesuffix("# buildkit").strip()
    return text.removeprefix("/bin/sh -c #(nop)").strip()


def _diffs(data: Mapping[str, Any]) -> list[str]:
    return list((data.get("RootFS") or {}).get("Layers") or ())


def _base(engine: Engine, diffs: Sequence[str]) -> tuple[str, int]:
    """(the lab's base that an image stands on, how many layers that has)."""
    known: list[tuple[str, int]] = []
    for name in dict.fromkeys(bases.BASES.values()):
        try:
            layers = _diffs(engine.image(name))
        except Refused:
            continue
        if layers and list(diffs[: len(layers)]) == layers:
            known.append((name, len(layers)))
    return max(known, key=lambda each: each[1], default=("", 0))
