"""What is left in an image that a service doesn't need, and how large it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from grader.engine.image import Image
from grader.probe import buildtools, packagecache
from grader.probe import layers as image_layers
from grader.probe.bench import Bench
from grader.probe.layers import Entry, Layers
from grader.verdict.report import Evidence

BUDGET_MB = 70
"""Above the slim base. FastAPI and uvicorn in a virtual environment with pip are 40 MB."""
_MB = 1_000_000
HISTORY = "docker history --format '{{.Size}}  {{.CreatedBy}}' "
"""Unpacked on every image store; ``docker image ls`` counts what is packed on containerd's."""
_LEFT = re.compile(r"bin/(cc|gcc|g\+\+|make)$|\.cache/pip/|\.deb$")
_WHEEL = re.compile(r"\.whl$")


@dataclass(frozen=True)
class Contents:
    """An image from inside: its layers above the lab's base, the file system that they make, and
    the ``secrets`` that were looked for in them."""

    layers: Layers
    filesystem: Mapping[str, Entry]
    secrets: Mapping[str, bytes]


def look(bench: Bench, image: Image, secrets: Mapping[str, bytes]) -> Callable[[], Contents]:
    """Read an image, and look for ``secrets`` and build tools, beside what follows; calling the
    result waits."""

    def read() -> Contents:
        found = image_layers.read(bench, image, {**secrets, **buildtools.MARKS})
        return Contents(found, image_layers.filesystem(bench, found), secrets)

    return bench.beside(read)


def assert_lean(bench: Bench, seen: Contents, image: Image) -> None:
    """Nothing of the build is left: no tools, no caches."""
    show_leftovers(bench, seen.filesystem)
    assert_no_tools(seen, image)
    assert_no_leftovers(seen)


def show_leftovers(bench: Bench, filesystem: Mapping[str, Entry]) -> None:
    """Leave as evidence how a person looks for them, and what there is."""
    paths = (path.lstrip("/") for path in sorted(filesystem))
    found = [each for each in paths if _LEFT.search(each) and not each.startswith("opt/lab/")]
    command = f"docker export web | tar -t | grep -E '{_LEFT.pattern}' | grep -v ^opt/lab/"
    bench.record(Evidence(f"{command} || echo none", "\n".join(found[:10]) or "none"))


def assert_no_tools(seen: Contents, image: Image) -> None:
    """No compiler and no make, under whatever name."""
    path = image.environment.get("PATH", "")
    tools = buildtools.find(seen.filesystem, seen.layers.sightings, path)
    assert not tools, (
        f"The image holds build tools: {_some(tool.path for tool in tools)}"
        f"{f', which is {tools[0].known_by}' if tools[0].known_by else ''}."
    )


def assert_no_leftovers(seen: Contents) -> None:
    """Nothing that an installation left behind, above the lab's base."""
    lowest = seen.layers.base_layers
    wheels = [
        entry
        for path, entry in seen.filesystem.items()
        if entry.kind == "file" and entry.layer >= lowest and _WHEEL.search(path)
    ]
    found = packagecache.find(seen.filesystem, lowest) | ({"wheels": wheels} if wheels else {})
    for name, entries in found.items():
        paths = sorted(entry.path for entry in entries)
        raise AssertionError(f"The image holds {name}: {_some(paths)}.")


def assert_size(bench: Bench, layers: Layers, image: str = "web") -> None:
    """The image stays within the budget above the slim base. ``image`` is how a person names it."""
    above = image_layers.beyond_slim(bench, layers) / _MB
    rows = show_sizes(bench, layers, image)
    large = "; ".join(f"{row.replace('  ', ' by `', 1)}`" for row in rows)
    assert above <= BUDGET_MB, (
        f"The image is {above:.0f} MB larger than python:3.11-slim; the budget is {BUDGET_MB} MB. "
        f"The largest of its own layers: {large or 'none; it is the base itself'}."
    )


def show_sizes(bench: Bench, layers: Layers, image: str = "web") -> list[str]:
    """Leave as evidence, and return, the largest layers above the base: megabytes, instruction."""
    rows = [
        f"{layer.size / _MB:.0f} MB  {layer.instruction[:90]}"
        for layer in layers.largest()
        if layer.size > _MB
    ]
    shown = "\n".join(rows) or "no layer of yours above 1 MB"
    bench.record(Evidence(HISTORY + image, shown, told=True))
    return rows


def _some(paths: Iterable[str]) -> str:
    first, *rest = paths
    return first + (f" and {len(rest)} more" if rest else "")
