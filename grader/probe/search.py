"""Looks for given bytes in a stream: as they are, in base64, and in what is compressed.

Base64 is found at all three alignments, in both alphabets, and across line ends. One level of
gzip, zlib, bzip2, xz or zip is opened, within bounds.
"""

from __future__ import annotations

import base64
import bz2
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

PLAIN, BASE64 = "as it is", "base64"
SHORTEST = 8
"""Bytes: anything shorter would be found by chance."""

CHUNK = 1 << 20
INFLATED_BYTES = 64 << 20
"""The most that is read of one compressed file."""

ZIP_BYTES = 32 << 20
"""The largest zip archive that is opened: its index stands at its end."""

_XZ_MEMORY = 128 << 20


@dataclass(frozen=True)
class Pattern:
    """Bytes to look for. ``wraps``: line ends may stand in between."""

    name: str
    form: str
    needle: bytes
    wraps: bool


def patterns(needles: Mapping[str, bytes]) -> tuple[Pattern, ...]:
    """Every form in which the needles are looked for. Raises ValueError for a short one."""
    found: list[Pattern] = []
    for name, needle in needles.items():
        if len(needle) < SHORTEST:
            raise ValueError(f"{name} has fewer than {SHORTEST} bytes")
        found.append(Pattern(name, PLAIN, needle, wraps=False))
        encoded = {form for before in range(3) for form in _encoded(needle, before)}
        found += [Pattern(name, BASE64, each, wraps=True) for each in sorted(encoded)]
    return tuple(found)


def _encoded(needle: bytes, before: int) -> Iterator[bytes]:
    """What base64 makes of the needle with ``before`` unknown bytes in front of it: the characters
    that depend on nothing else."""
    whole = bytes(before) + needle
    first, last = (before * 8 + 5) // 6, len(whole) * 8 // 6
    yield base64.b64encode(whole)[first:last]
    yield base64.urlsafe_b64encode(whole)[first:last]


class Search:
    """Looks for patterns in one stream that comes in chunks."""

    def __init__(self, wanted: Iterable[Pattern]) -> None:
        self._wanted = tuple(wanted)
        self._kept = max((len(each.needle) for each in self._wanted), default=1) - 1
        self._tail = b""
        self._folded_tail = b""
        self.found: set[tuple[str, str]] = set()

    def feed(self, chunk: bytes) -> None:
        window = self._tail + chunk
        self._look(window, wrapped=False)
        if b"\0" not in chunk and b"\n" in window:
            folded = self._folded_tail + chunk.translate(None, b"\r\n")
            self._look(folded, wrapped=True)
            self._folded_tail = folded[-self._kept :] if self._kept else b""
        else:
            self._folded_tail = window[-self._kept :] if self._kept else b""
        self._tail = window[-self._kept :] if self._kept else b""

    def _look(self, window: bytes, *, wrapped: bool) -> None:
        for each in self._wanted:
            if (each.wraps or not wrapped) and each.needle in window:
                self.found.add((each.name, each.form))


def look(
    read: Callable[[int], bytes], size: int, wanted: tuple[Pattern, ...]
) -> set[tuple[str, str]]:
    """(name, form) of what stands in a file of ``size`` bytes. ``read`` is called to its end."""
    search = Search(wanted)
    first = read(min(CHUNK, size))
    search.feed(first)
    inner = _opened(first, size)
    inside = Search(wanted)
    done = len(first)
    if inner:
        inner.feed(first, inside)
    while done < size:
        chunk = read(min(CHUNK, size - done))
        if not chunk:
            break
        done += len(chunk)
        search.feed(chunk)
        if inner:
            inner.feed(chunk, inside)
    if inner:
        inner.end(inside)
    return search.found | {(name, f"{form}, compressed") for name, form in inside.found}


class _Inner(Protocol):
    """What opens a compressed file while it is read."""

    def feed(self, chunk: bytes, search: Search) -> None: ...

    def end(self, search: Search) -> None: ...


def _opened(first: bytes, size: int) -> _Inner | None:
    if first.startswith((b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda")):
        stream = zlib.decompressobj(47)
        return _Stream(lambda data, most: _inflated(stream, data, most))
    if first.startswith(b"BZh"):
        return _Stream(bz2.BZ2Decompressor().decompress)
    if first.startswith((b"\xfd7zXZ\0", b"\x5d\0\0")):
        return _Stream(lzma.LZMADecompressor(memlimit=_XZ_MEMORY).decompress)
    if first.startswith(b"PK\x03\x04") and size <= ZIP_BYTES:
        return _Zip()
    return None


def _inflated(stream: zlib._Decompress, data: bytes, most: int) -> bytes:
    return stream.decompress(stream.unconsumed_tail + data, most)


class _Stream:
    """A compressed stream, opened step by step up to a bound."""

    def __init__(self, inflate: Callable[[bytes, int], bytes]) -> None:
        self._inflate = inflate
        self._left = INFLATED_BYTES

    def feed(self, chunk: bytes, search: Search) -> None:
        try:
            while self._left > 0:
                out = self._inflate(chunk, CHUNK)
                if not out:
                    return
                self._left -= len(out)
                search.feed(out)
                chunk = b""
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError, MemoryError):
            self._left = 0

    def end(self, search: Search) -> None:
        """Nothing is left over: each chunk was opened when it came."""


class _Zip:
    """A zip archive (a wheel, a jar), opened when it is all there."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, chunk: bytes, search: Search) -> None:
        self._data += chunk

    def end(self, search: Search) -> None:
        left = INFLATED_BYTES
        try:
            with zipfile.ZipFile(io.BytesIO(self._data)) as archive:
                for member in archive.infolist():
                    search.feed(member.filename.encode("utf-8", "replace") + b"\0")
                    with archive.open(member) as stream:
                        while left > 0 and (out := stream.read(CHUNK)):
                            left -= len(out)
                            search.feed(out)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
            return
        except (NotImplementedError, lzma.LZMAError, MemoryError):
            return
