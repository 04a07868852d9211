"""The layers of an image: which instruction made each, what it holds, takes away, and hides.

Everything comes through the engine and is read as data, within bounds. The layers of the lab's
own base are left out: they are nobody's answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import IO, Any, cast

from grader import bases
from grader.bench import Bench
from grader.engine import Engine, Refused
from grader.image import Image
from grader.layers import index, saved
from grader.layers.archive import Budget, Content
from grader.layers.facts import Entry, Layer, Layers, Sighting, stack
from grader.layers.search import patterns

__all__ = ["Entry", "Layer", "Layers", "Sighting", "filesystem", "read", "stack"]

_METADATA = frozenset(
    {"ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER"}
    | {"ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME"}
)
"""Instructions that make no layer."""


def read(bench: Bench, image: Image, needles: Mapping[str, bytes] = MappingProxyType({})) -> Layers:
    """Read an image's layers above the lab's base, and look in them for ``needles`` (name ->
    bytes). Raises GraderError, or LearnerFault for an image beyond all bounds."""
    diffs = _diffs(bench.engine.image(image.id))
    base, below = _base(bench.engine, diffs)
    wanted = patterns(needles)
    with bench.engine.save(image.id) as stream:
        found = saved.read(cast("IO[bytes]", stream), wanted, Budget(), diffs[:below])
    return _facts(base, below, found[below:], instructions(bench.engine, image.id, len(diffs)))


def filesystem(bench: Bench, layers: Layers) -> Mapping[str, Entry]:
    """What the image's file system holds in the end: path -> entry. Raises GraderError."""
    below: dict[str, Entry] = {}
    if layers.base:
        diffs = _diffs(bench.engine.image(layers.base))
        below = index.recall(diffs, lambda: stack(_all(bench, layers.base, len(diffs)), {}))
    return stack(layers.above, below)


def _all(bench: Bench, image: str, count: int) -> tuple[Layer, ...]:
    with bench.engine.save(image) as stream:
        found = saved.read(cast("IO[bytes]", stream), (), Budget())
    return _facts("", 0, found, ("",) * count).above


def instructions(engine: Engine, image: str, layers: int) -> tuple[str, ...]:
    """The instruction of each layer, the lowest first, as ``docker history`` words it."""
    entries = [entry["CreatedBy"] for entry in reversed(engine.history(image))]
    made = [text for text in map(_plain, entries) if text.partition(" ")[0] not in _METADATA]
    missing = layers - len(made)
    return ("",) * missing + tuple(made[-layers:] if layers else ())


def _plain(created_by: str) -> str:
    """An instruction without what BuildKit and its predecessor put around it."""
    text = created_by.removesuffix("# buildkit").strip()
    return text.removeprefix("/bin/sh -c #(nop)").strip()


def _facts(base: str, below: int, contents: Sequence[Content], made_by: Sequence[str]) -> Layers:
    above = tuple(
        content.layer(number, made_by[number]) for number, content in enumerate(contents, below)
    )
    seen = [
        sighting
        for number, content in enumerate(contents, below)
        for sighting in content.seen(number)
    ]
    return Layers(base, below, above, tuple(seen))


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
