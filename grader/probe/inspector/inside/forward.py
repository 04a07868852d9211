"""Fluentd's forward protocol, as far as log drivers speak it: MessagePack arrays on a stream.

An event is [tag, time, record, option]. Several come as [tag, [[time, record], …], option], or with
the inner list packed into bytes. A line longer than 16 KiB comes as several events, which say so.
Source: https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1
"""

import io
import struct
from typing import Any, BinaryIO

_FIXED = {
    0xCA: ">f",
    0xCB: ">d",
    0xCC: ">B",
    0xCD: ">H",
    0xCE: ">I",
    0xCF: ">Q",
    0xD0: ">b",
    0xD1: ">h",
    0xD2: ">i",
    0xD3: ">q",
}
_SIZED = {
    0xC4: ("bytes", ">B"),
    0xC5: ("bytes", ">H"),
    0xC6: ("bytes", ">I"),
    0xC7: ("extension", ">B"),
    0xC8: ("extension", ">H"),
    0xC9: ("extension", ">I"),
    0xD9: ("text", ">B"),
    0xDA: ("text", ">H"),
    0xDB: ("text", ">I"),
    0xDC: ("array", ">H"),
    0xDD: ("array", ">I"),
    0xDE: ("map", ">H"),
    0xDF: ("map", ">I"),
}
_CONSTANT = {0xC0: None, 0xC2: False, 0xC3: True}
MAX_SIZE = 1 << 20
MAX_DEPTH = 20


def events(stream: BinaryIO) -> Any:
    """(tag, record, chunk to acknowledge or None) of each event, until the stream ends; None for
    the record where a message holds none. Raises ValueError for what isn't the protocol."""
    while True:
        try:
            message = value(stream)
        except EOFError:
            return
        if not isinstance(message, list) or len(message) < 2 or not isinstance(message[0], str):
            raise ValueError("no event")
        records = list(_records(message))
        chunk = message[-1].get("chunk") if isinstance(message[-1], dict) else None
        for number, record in enumerate(records, 1):
            if not isinstance(record, dict):
                raise ValueError("a record is a map")
            yield message[0], record, chunk if number == len(records) else None


def _records(message: list[Any]) -> Any:
    """The records of a message, in any of the protocol's forms but the compressed one."""
    content = message[1]
    if isinstance(content, bytes):
        packed = io.BytesIO(content)
        content = []
        while packed.tell() < len(packed.getbuffer()):
            content.append(value(packed))
    if isinstance(content, list):
        for entry in content:
            if not isinstance(entry, list) or len(entry) != 2:
                raise ValueError("an entry is a time and a record")
            yield entry[1]
    elif len(message) > 2:
        yield message[2]


def value(stream: BinaryIO, depth: int = 0) -> Any:
    """The next MessagePack value.

    Raises EOFError at the end, ValueError for what isn't MessagePack or is too large.
    """
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    code = _exactly(stream, 1)[0]
    if code < 0x80:
        return code
    if code >= 0xE0:
        return code - 0x100
    if code in _CONSTANT:
        return _CONSTANT[code]
    if code in _FIXED:
        form = _FIXED[code]
        return struct.unpack(form, _exactly(stream, struct.calcsize(form)))[0]
    if 0xD4 <= code <= 0xD8:
        return _extension(_exactly(stream, 1 + (1 << (code - 0xD4))))
    kind, size = _kind(stream, code)
    if size > MAX_SIZE:
        raise ValueError("too large")
    if kind == "text":
        return _exactly(stream, size).decode("utf-8", "replace")
    if kind == "bytes":
        return _exactly(stream, size)
    if kind == "extension":
        return _extension(_exactly(stream, size + 1))
    if kind == "array":
        return [value(stream, depth + 1) for _ in range(size)]
    return {str(value(stream, depth + 1)): value(stream, depth + 1) for _ in range(size)}


def acknowledgement(chunk: str) -> bytes:
    """The answer to an event that asks for one: {"ack": chunk}."""
    text = chunk.encode()[:255]
    return b"\x81\xa3ack" + struct.pack(">BB", 0xD9, len(text)) + text


def _extension(content: bytes) -> Any:
    """Fluentd's time with nanoseconds, in seconds; None for what it doesn't know either."""
    if content[0] == 0 and len(content) == 9:
        seconds, nanoseconds = struct.unpack(">II", content[1:])
        return seconds + nanoseconds / 1e9
    return None


def _kind(stream: BinaryIO, code: int) -> Any:
    """(kind, size) of a value that has a size."""
    if code < 0x90:
        return "map", code & 0x0F
    if code < 0xA0:
        return "array", code & 0x0F
    if code < 0xC0:
        return "text", code & 0x1F
    if code not in _SIZED:
        raise ValueError(f"no MessagePack: {code:#x}")
    kind, form = _SIZED[code]
    return kind, struct.unpack(form, _exactly(stream, struct.calcsize(form)))[0]


def _exactly(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content
