"""The layers of an image from ``docker save``, in either of its layouts, as a stream.

The OCI layout has ``blobs/sha256/…``, the older one ``…/layer.tar`` (and links to it where two
layers are the same). Both have a ``manifest.json`` that names the layers in order.
"""

from __future__ import annotations

import io
import json
import posixpath
import tarfile
from collections.abc import Collection
from dataclasses import replace
from typing import IO, Any, cast

from grader.probe.layers import archive
from grader.probe.layers.archive import Budget, Content
from grader.probe.search import Pattern
from grader.verdict.outcome import GraderError

MANIFEST = "manifest.json"
DOCUMENT_BYTES = 1 << 20
"""The largest JSON document in a saved image; a layer may be as small."""


def read(
    stream: IO[bytes], wanted: tuple[Pattern, ...], budget: Budget, skipped: Collection[str] = ()
) -> tuple[Content, ...]:
    """The contents of all layers, the lowest first. ``skipped`` are diff ids of layers that need
    not be read where that can be known: they come out empty. So do blobs of that name, which
    containerd's store packs and calls by the sum of what it packed. Raises GraderError."""
    blobs: dict[str, Content | GraderError] = {}
    links: dict[str, str] = {}
    manifest: Any = None
    passed_over = {name.removeprefix("sha256:") for name in skipped}
    try:
        with tarfile.open(fileobj=stream, mode="r|", bufsize=archive.BUFFER) as saved:
            for member in saved:
                name = posixpath.normpath(member.name)
                if member.issym():
                    folder = posixpath.dirname(name)
                    links[name] = posixpath.normpath(posixpath.join(folder, member.linkname))
                elif name == MANIFEST:
                    manifest = json.load(cast("IO[bytes]", saved.extractfile(member)))
                elif posixpath.basename(name) in passed_over:
                    blobs[name] = Content()
                elif member.isreg() and member.size:
                    blob = _blob(cast("IO[bytes]", saved.extractfile(member)), member.size)
                    if blob:
                        blobs[name] = _layer(blob, wanted, budget)
    except (tarfile.TarError, ValueError) as error:
        raise GraderError(f"What docker save wrote can't be read ({error}).") from error
    return tuple(_found(name, blobs, links) for name in _names(manifest))


def _blob(stream: IO[bytes], size: int) -> IO[bytes] | None:
    """The stream, unless it is one of the documents beside the layers."""
    if size > DOCUMENT_BYTES:
        return stream
    content = stream.read()
    if content[:1] in (b"{", b"["):
        try:
            json.loads(content)
        except (ValueError, RecursionError):
            pass
        else:
            return None
    return io.BytesIO(content)


def _layer(blob: IO[bytes], wanted: tuple[Pattern, ...], budget: Budget) -> Content | GraderError:
    """A blob that is no layer (a version number, a compression unknown here) matters only when
    the manifest calls it one."""
    try:
        return archive.read(blob, wanted, budget)
    except GraderError as error:
        return error


def _names(manifest: Any) -> list[str]:
    try:
        return [posixpath.normpath(name) for name in manifest[0]["Layers"] or ()]
    except (KeyError, IndexError, TypeError) as error:
        raise GraderError(
            "What docker save wrote has no manifest.json that can be read."
        ) from error


def _found(name: str, blobs: dict[str, Content | GraderError], links: dict[str, str]) -> Content:
    blob = blobs.get(links.get(name, name))
    if isinstance(blob, GraderError):
        raise blob
    if blob is None:
        raise GraderError(f"What docker save wrote lacks the layer {name}.")
    return replace(blob, blob=posixpath.basename(name))
