"""Exercise log_rotation: a service that talks a lot, and a disk that doesn't fill up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import pytest

from grader.compose import Service
from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.probe.start import Start
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("log_rotation")

MB = 1_000_000
MOST = 30 * MB
UNBOUNDED = 32 * MB
"""Written where nothing bounds the log."""
NO_LINE = " (docker logs web prints none)"
LEAST = 1000
"""The least size in bytes of a file that holds a line."""
FRAME = 110
"""Bytes that json-file adds to a line of ours, about."""
WRITE_SECONDS = 30.0
END_SECONDS = 15.0
UNITS = {"": 1, "b": 1, "k": 1000, "m": MB, "g": 1000 * MB}
FILES = {"json-file": (0, 1), "local": (20 * MB, 5)}
"""What a driver does by itself: bytes per file (0: no bound) and number of files."""


@dataclass(frozen=True)
class Kept:
    """What the engine keeps: its settings, and which lines were there after many were written.

    ``size`` in bytes per file, 0 without a bound; ``first`` and ``last`` are line numbers, 0 where
    nothing was written because the bound is far too high to reach.
    """

    size: int
    files: int
    written: int
    first: int
    last: int
    width: int
    attached: Mapping[str, str]

    @property
    def bytes(self) -> int:
        """What is kept of what was written."""
        return (self.last - self.first + 1) * self.width

    @property
    def everything(self) -> bool:
        return self.first == 1


@pytest.fixture(scope="module")
def kept(service: Service, image: Image, start: Start, bench: Bench) -> Kept:
    """Start as the compose file says, let the service talk, end it, look at what is left."""
    asked = dict(service.host.get("LogConfig") or {})
    asked["Type"] = asked.get("Type") or "json-file"
    size, files = _settings(asked)
    reachable = size and size * files <= MOST
    goal = int((files + 0.5) * size) if reachable else (UNBOUNDED if not size else 20_000)
    width = max(200, min(4000, (size or MB) // 25))
    container = start(
        image,
        config={**service.config, "Labels": dict(service.labels)},
        host={**service.sandboxed, "LogConfig": asked},
    )
    count = goal // (width + FRAME)
    path = f"/chatter?bytes={count * width}&width={width}"
    answer = container.send(path, method="POST", timeout=WRITE_SECONDS, receipt=False)()
    if not answer.ok:
        raise LearnerFault(f"POST /chatter on port 8000 came to {answer}.")
    container.signal("SIGKILL")
    container.wait_exit(END_SECONDS)
    details, last = _newest(bench.engine.last_line(container.id))
    first = _number(bench.engine.first_line(container.id).decode("utf-8", "replace"))
    labels = {**image.labels, **service.labels}
    ours = {*bench.session.labels}
    known = {key: v for key, v in details.items() if labels.get(key) == v and key not in ours}
    return Kept(size, files, count, first, last, width, known)


def _settings(asked: Mapping[str, object]) -> tuple[int, int]:
    """(bytes per file, files) of a LogConfig. Raises LearnerFault for a driver without files."""
    driver = str(asked["Type"])
    if driver not in FILES:
        raise LearnerFault(
            f"The driver {driver} keeps no files on this machine; json-file and local do."
        )
    size, files = FILES[driver]
    options = asked.get("Config") or {}
    assert isinstance(options, dict)
    try:
        if "max-size" in options:
            size = _bytes(str(options["max-size"]))
        files = int(options.get("max-file", files))
    except (ValueError, KeyError) as error:
        raise LearnerFault(f"The logging options {options} can't be read.") from error
    return size, files


def _bytes(text: str) -> int:
    """A size as Docker reads it here: decimal units. -1 means no bound."""
    match = re.fullmatch(r"(-?[\d.]+)\s*([kmg]?)i?b?", text.strip().lower())
    if not match:
        raise ValueError(text)
    return max(0, int(float(match[1]) * UNITS[match[2]]))


def _newest(line: bytes) -> tuple[dict[str, str], int]:
    """(what is attached, line number) of a line that ``docker logs --details`` shows."""
    details, _, text = line.decode("utf-8", "replace").partition(" ")
    pairs = (pair.partition("=") for pair in details.split(",") if "=" in pair)
    return {unquote(key): unquote(value) for key, _, value in pairs}, _number(text)


def _number(text: str) -> int:
    match = re.search(r"line (\d+) of", text)
    return int(match[1]) if match else 0


def _chatter(kept: Kept) -> str:
    wanted = kept.written * kept.width
    return f"curl -s -X POST 'http://localhost:8000/chatter?bytes={wanted}&width={kept.width}'"


@pytest.mark.points(2)
@pytest.mark.expects("the oldest lines gone, the newest there, at most 30 MB kept")
@pytest.mark.hint(
    "By default json-file keeps everything. Which option bounds a file?",
    "logging, options: max-size says how large a file gets, max-file how many there are.",
)
def test_logs_are_bounded(kept: Kept, bench: Bench) -> None:
    """Old lines go, new ones stay, and at most 30 MB are kept.

    A full disk stops every container on the machine, and databases don't take it well.
    """
    seen = f"line {kept.first} of {kept.written}\nline {kept.last} of {kept.written}"
    bench.record(
        Evidence(
            f"{_chatter(kept)} > /dev/null; sleep 2; "
            "docker logs web 2>&1 | sed -n '1p;$p' | cut -c1-40",
            seen,
        )
    )
    assert kept.size, (
        f"Nothing bounds the log: all {kept.written * kept.width / MB:.0f} MB that were written "
        "are still there."
    )
    assert kept.size >= LEAST, (
        f"max-size is {kept.size} bytes, less than a line: a number without a unit is bytes, and "
        '"10m" is ten megabytes.'
    )
    assert kept.last, "Nothing of what the service printed is in the log."
    bound = kept.size * kept.files
    assert bound <= MOST, (
        f"{kept.files} files of {kept.size / MB:g} MB are {bound / MB:g} MB; at most 30 are left "
        "for this service."
    )
    assert kept.last == kept.written, (
        f"The newest line that was kept is {kept.last or 'none'} of {kept.written}."
    )
    assert not kept.everything, (
        f"All {kept.written * kept.width / MB:.0f} MB that were written are still there."
    )
    assert kept.bytes <= bound, f"{kept.bytes / MB:.1f} MB were kept, more than {bound / MB:g}."


@pytest.mark.points(1)
@pytest.mark.expects("three files")
@pytest.mark.hint("max-file takes the number of files, as text: in quotes.")
def test_three_files(kept: Kept, bench: Bench) -> None:
    """The log is kept in three files.

    One file would lose everything at the moment it is begun anew; with three at least two are
    there to look back into.
    """
    bench.record(
        Evidence(
            "docker inspect -f '{{json .HostConfig.LogConfig.Config}}' web",
            f"max-file: {kept.files}",
            told=True,
        )
    )
    assert kept.files == 3, (
        f"The log is kept in {kept.files} file{'s' if kept.files != 1 else ''} instead of three."
    )
    assert kept.last, (
        f"The log has room for three files, and none has a line of the service{NO_LINE}."
    )
    if kept.size and kept.size * kept.files <= MOST:
        seen = -(-kept.bytes // kept.size)
        assert seen == 3, (
            f"{kept.bytes / MB:.1f} MB were kept of {kept.written * kept.width / MB:.1f}, which is "
            f"what {seen} files of {kept.size / MB:g} MB hold."
        )


@pytest.mark.points(1)
@pytest.mark.expects("service=scorer in front of the line")
@pytest.mark.hint(
    "What does the option labels take: labels, or names of labels?",
    "The service needs the label itself (labels:), and the logging option its name.",
)
def test_labels_are_attached(kept: Kept, bench: Bench) -> None:
    """Each line carries a label of the service.

    Where the logs of many services come together, the container's id alone tells nobody whose
    line it is.
    """
    shown = ",".join(f"{key}={value}" for key, value in kept.attached.items())
    bench.record(
        Evidence("docker logs --details --tail 1 web | cut -c1-80", shown or "(nothing attached)")
    )
    assert kept.last, f"No line of the service was kept{NO_LINE}, so none carries a label."
    assert kept.attached, (
        "No label of the service is attached to its lines. The option labels takes the names of "
        "labels that the service has."
    )
    assert "scorer" in kept.attached.values(), (
        f"The lines carry {shown}; the label that tells this service from others is service=scorer."
    )
