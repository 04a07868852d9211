"""The pictures: well-formed, within their frame, safe, and told in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from grader.draw import (
    EngineEvent,
    Mark,
    Picture,
    Probe,
    Request,
    Sample,
    cpu_slices,
    health_states,
    layer_bars,
    memory_curve,
    shutdown_timeline,
)
from grader.draw.axis import ticks
from grader.draw.layers import instruction, size
from grader.draw.picture import WIDTH

MIB = 1024 * 1024
HOSTILE = "</text><script>alert(1)</script>\x1b[31m\u202e\"'&"
START = EngineEvent(100.0, "start")
KILLED = [
    START,
    EngineEvent(102.0, "oom"),
    EngineEvent(102.1, "die", {"exitCode": "137"}),
    EngineEvent(102.4, "start"),
]
STOPPED = [
    START,
    EngineEvent(101.0, "kill", {"signal": "15"}),
    EngineEvent(104.0, "kill", {"signal": "9"}),
    EngineEvent(104.1, "die", {"exitCode": "137"}),
]
SICK = [
    START,
    EngineEvent(102.0, "health_status: healthy"),
    EngineEvent(104.0, "health_status: unhealthy"),
]


def memory(text: str = "POST /leak") -> Picture:
    samples = [Sample(100 + i / 10, (50 + 10 * i) * MIB) for i in range(21)]
    again = [Sample(102.5 + i / 10, 50 * MIB) for i in range(10)]
    return memory_curve([*samples, *again], KILLED, 256 * MIB, [Mark(100.5, text)], text)


def shutdown(text: str = "GET /slow") -> Picture:
    request = Request(text, 100.5, 104.1, f"connection lost {text}", False)
    return shutdown_timeline([request], STOPPED, 3, [Mark(100.7, text)], text)


def health(text: str = "POST /break") -> Picture:
    probes = [Probe(100.0 + i, 100.2 + i, i % 2, text) for i in range(5)]
    return health_states(probes, SICK, [Mark(103.0, text)], text, until=105.0)


def layers(text: str = "RUN apt-get install") -> Picture:
    mine = {"Created": 2, "CreatedBy": text, "Size": 1_500_000}
    base = {"Created": 1, "CreatedBy": "/bin/sh -c #(nop) ADD file:1 in /", "Size": 74_800_000}
    none = {"Created": 3, "CreatedBy": 'CMD ["python"]', "Size": 0}
    return layer_bars({text: [none, mine, base]}, base=[base], title=text)


def cpu(text: str = "half a CPU") -> Picture:
    return cpu_slices({text: [(7 + i / 10, 7.05 + i / 10) for i in range(4)]}, text)


DRAWN = pytest.mark.parametrize("draw", [memory, shutdown, health, layers, cpu])


def texts(picture: Picture) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(picture.svg).iter("{http://www.w3.org/2000/svg}text"))


@DRAWN
def test_picture_is_an_image_with_words(draw: Callable[[], Picture]) -> None:
    """Inline SVG would not survive JupyterLab's sanitizer; an image without words says nothing
    to those who don't see it."""
    bundle = draw()._repr_mimebundle_()
    assert bundle["text/html"].startswith("<img ")
    assert bundle["text/plain"] == repr(draw())
    assert 'alt="' in bundle["text/html"]
    address = bundle["text/html"].partition('src="data:image/svg+xml,')[2].removesuffix('">')
    assert ElementTree.fromstring(unquote(address)).tag.endswith("svg")


@DRAWN
def test_text_of_strangers_is_text_and_nothing_else(draw: Callable[[str], Picture]) -> None:
    """Instructions, answers and outputs come from submissions."""
    picture = draw(HOSTILE)
    tags = {
        element.tag.rpartition("}")[2] for element in ElementTree.fromstring(picture.svg).iter()
    }
    assert tags <= {"svg", "rect", "text", "line", "path"}
    for shown in (picture._repr_html_(), picture.svg, repr(picture)):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    assert "<script" not in picture._repr_html_()


@DRAWN
@pytest.mark.parametrize("text", ["x", "a request with a rather long name, so long that it is cut"])
def test_words_stay_in_the_frame(draw: Callable[[str], Picture], text: str) -> None:
    for element in texts(draw(text)):
        length = len(element.text or "") * float(element.attrib["font-size"]) * 0.6
        x = float(element.attrib["x"])
        begin = {"start": x, "middle": x - length / 2, "end": x - length}
        assert begin[element.attrib["text-anchor"]] > -2, element.text
        if element.attrib["text-anchor"] != "end":
            assert x < WIDTH


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (memory(), ["reaches 250 MiB", "limit is 256 MiB", "after 2.1 seconds", "out of memory"]),
        (shutdown(), ["SIGTERM at 0.0 s", "SIGKILL at 3.0 s", "exit code 137", "connection lost"]),
        (health(), ["healthy from 2.0 s to 4.0 s", "unhealthy from 4.0 s", "2 of them failed"]),
        (cpu(), ["half a CPU: it ran 57% of", "in 4 pieces"]),
        (layers(), ["76.3 MB", "1.5 MB of it above the base", "74.8 MB ADD file:1 in /"]),
    ],
)
def test_words_tell_what_is_seen(picture: Picture, said: list[str]) -> None:
    assert [piece for piece in said if piece not in repr(picture)] == []


@pytest.mark.parametrize(
    "picture",
    [
        memory_curve([]),
        memory_curve([Sample(1.0, 0)]),
        shutdown_timeline([], []),
        health_states([], []),
        layer_bars([]),
        cpu_slices({"none": []}),
    ],
)
def test_nothing_measured_is_still_a_picture(picture: Picture) -> None:
    """A container that died at once leaves nothing to draw, which is no reason for a traceback."""
    assert ElementTree.fromstring(picture.svg) is not None
    assert repr(picture)


@pytest.mark.parametrize(
    ("kept", "written"),
    [
        ('/bin/sh -c #(nop)  CMD ["python3"]', 'CMD ["python3"]'),
        ("RUN /bin/sh -c pip install x # buildkit", "RUN pip install x"),
        ("RUN |1 A=b /bin/sh -c make # buildkit", "RUN make"),
        ("COPY app.py ./ # buildkit", "COPY app.py ./"),
        ("", "a layer without a history"),
    ],
)
def test_instruction_reads_as_in_the_dockerfile(kept: str, written: str) -> None:
    assert instruction({"CreatedBy": kept}) == written


@pytest.mark.parametrize(
    ("bytes", "text"),
    [(0, "0 B"), (113, "113 B"), (74_500_000, "74.5 MB"), (1_010_000_000, "1.01 GB")],
)
def test_sizes_read_as_docker_writes_them(bytes: int, text: str) -> None:
    assert size(bytes) == text


@pytest.mark.parametrize(("low", "high"), [(0, 7.8), (-0.5, 3), (0, 0.004), (0, 123456), (2, 2)])
def test_axis_has_few_round_numbers_in_range(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 1 <= len(found) <= 9
    assert all(low <= value <= high for value in found)


def test_probes_and_events_are_read_as_the_engine_writes_them() -> None:
    entry: dict[str, Any] = {
        "Start": "2026-11-25T18:39:33.123456789Z",
        "End": "2026-11-25T19:39:33.2+01:00",
        "ExitCode": 1,
        "Output": "refused",
    }
    probe = Probe.of(entry)
    assert round(probe.end - probe.begin, 3) == 0.077
    event = {"timeNano": 1_500_000_000, "Action": "oom", "Actor": {"Attributes": {"name": "web"}}}
    assert EngineEvent.of(event) == EngineEvent(1.5, "oom", {"name": "web"})
