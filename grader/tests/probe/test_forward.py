"""The forward protocol as its specification and a real engine put it into bytes."""

from __future__ import annotations

import importlib.util
import io
from typing import Any

import pytest

from grader.exercise import catalog, project

SOURCE = project.ROOT / "grader" / "probe" / "inspector" / "inside" / "forward.py"


def load() -> Any:
    """The inspector's program isn't part of the package: it lives in an image."""
    spec = importlib.util.spec_from_file_location("forward", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


forward = load()

OF_AN_ENGINE = (
    b"\x94\xa3api\xd2\x6b\x07\x2a\x83\x84\xa6source\xa6stdout\xa3log\xa2hi"
    b"\xaccontainer_id\xd9\x40" + b"c9" * 32 + b"\xaecontainer_name\xa4/web\x80"
)
"""What Engine 26.1 sends: [tag, time as int32, record, {}]."""

PRECISE = (
    b"\x94\xa3api\xd7\x00\x6b\x07\x2d\xf7\x1b\x6b\xed\x99\x81\xa3log\xa2hi\x81\xa5chunk\xa4abc="
)
"""With fluentd-sub-second-precision and fluentd-request-ack: the time is an extension."""

FORMS = {
    "message": (OF_AN_ENGINE, [("api", "hi", None)]),
    "precise, to be acknowledged": (PRECISE, [("api", "hi", "abc=")]),
    "message without option": (b"\x93\xa1t\x01\x81\xa3log\xa1a", [("t", "a", None)]),
    "several": (
        b"\x93\xa1t\x92\x92\x01\x81\xa3log\xa1a\x92\x02\x81\xa3log\xa1b\x81\xa5chunk\xa1c",
        [("t", "a", None), ("t", "b", "c")],
    ),
    "packed": (
        b"\x92\xa1t\xc4\x12\x92\x01\x81\xa3log\xa1a\x92\x02\x81\xa3log\xa1b",
        [("t", "a", None), ("t", "b", None)],
    ),
    "two on one connection": (OF_AN_ENGINE + PRECISE, [("api", "hi", None), ("api", "hi", "abc=")]),
    "cut off in the middle": (OF_AN_ENGINE + PRECISE[:20], [("api", "hi", None)]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("sent", "expected"), FORMS.values(), ids=FORMS)
def test_events_are_read_in_every_form(
    sent: bytes, expected: list[tuple[str, str, str | None]]
) -> None:
    """A time that is taken for something else would lose every event of such a driver."""
    found = [(tag, record["log"], chunk) for tag, record, chunk in forward.events(io.BytesIO(sent))]
    assert found == expected


VALUES: dict[bytes, Any] = {
    b"\x7f": 127,
    b"\xff": -1,
    b"\xc0": None,
    b"\xc2": False,
    b"\xc3": True,
    b"\xcc\xff": 255,
    b"\xcd\x01\x00": 256,
    b"\xce\x00\x01\x00\x00": 65536,
    b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00": 1 << 32,
    b"\xd0\x80": -128,
    b"\xd1\x80\x00": -32768,
    b"\xd3\xff\xff\xff\xff\x00\x00\x00\x00": -(1 << 32),
    b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00": 1.5,
    b"\xa2\xc3\xa9": "é",
    b"\xd9\x02\xc3\x28": "\ufffd(",
    b"\xda\x00\x01a": "a",
    b"\xc5\x00\x01\x00": b"\x00",
    b"\x92\x01\xa1a": [1, "a"],
    b"\xdc\x00\x01\x05": [5],
    b"\xde\x00\x01\xa1k\x05": {"k": 5},
    b"\xc7\x08\x00\x00\x00\x00\x02\x1d\xcd\x65\x00": 2.5,
    b"\xd4\x01\x00": None,
}


@pytest.mark.parametrize(("sent", "expected"), VALUES.items(), ids=[key.hex() for key in VALUES])
def test_values_are_read_as_messagepack_says(sent: bytes, expected: object) -> None:
    assert forward.value(io.BytesIO(sent)) == expected


BROKEN = {
    "no MessagePack": b"\xc1",
    "no array": b"\x01",
    "no tag": b"\x92\x01\x81\xa3log\xa1a",
    "a record that is none": b"\x93\xa1t\x01\xa1a",
    "an entry that is none": b"\x92\xa1t\x91\x01",
    "far too large": b"\xdb\xff\xff\xff\xff",
    "nested without end": b"\x91" * 100,
}


@pytest.mark.parametrize("sent", BROKEN.values(), ids=BROKEN)
def test_what_is_not_the_protocol_is_a_value_error(sent: bytes) -> None:
    """The collector goes on with its other connections."""
    with pytest.raises(ValueError, match=r"."):
        list(forward.events(io.BytesIO(sent)))


def test_an_acknowledgement_names_the_chunk() -> None:
    assert forward.value(io.BytesIO(forward.acknowledgement("abc="))) == {"ack": "abc="}


def test_the_given_collector_speaks_the_same_protocol() -> None:
    """Learners try things with a copy, which can't be imported from here."""
    given = catalog.find("central_logging").given["collector/forward.py"]
    assert given == SOURCE.read_bytes()
