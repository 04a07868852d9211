"""Hostile submissions: each gets its verdict, reaches nothing and leaves nothing."""

from __future__ import annotations

import dataclasses
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.answer import submission
from grader.engine.sandbox import LIMITS, Limits
from grader.exercise import catalog
from grader.grading import runner
from grader.tests import leftover
from grader.verdict.report import Report, Status

pytestmark = [pytest.mark.slow]
EXERCISE = catalog.find("nonroot_user")
SOLUTION = EXERCISE.solved["Dockerfile"]
SERVICE = 'COPY app.py model.json ./\nCMD ["python", "app.py"]\n'
QUICK = dataclasses.replace(LIMITS, build_seconds=5.0)


@pytest.fixture
def canary_server() -> Iterator[tuple[str, list[str]]]:
    """A server on every address of this machine: (host:port, the paths that were asked for)."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    runner.settle()
    assert leftover.abandoned() == []


def grade(dockerfile: str, limits: Limits = QUICK) -> Report:
    return runner.grade(
        EXERCISE, submission.from_texts(EXERCISE, {"Dockerfile": dockerfile}), limits=limits
    )


def verdicts(report: Report) -> dict[str, Status]:
    return {check.id: check.status for check in report.checks}


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("ADD http://{host}/canary /x", Status.ERROR),
        ("ARG U=http://{host}/canary\nADD $U /x", Status.ERROR),
        ("# syntax={host}/evil/frontend:1\nFROM python:3.11-slim", Status.ERROR),
        (
            "RUN python -c \"import urllib.request as u; u.urlopen('http://{host}/canary')\"",
            Status.FAILED,
        ),
    ],
    ids=["add", "add-by-variable", "frontend", "run"],
)
def test_builds_reach_no_network(
    line: str, status: Status, canary_server: tuple[str, list[str]]
) -> None:
    """What the lab refuses to fetch isn't scored; what a step tries by itself fails."""
    host, asked = canary_server
    text = line.replace("{host}", host)
    report = grade(text if "FROM" in text else f"FROM python:3.11-slim\n{text}\n{SERVICE}")
    assert verdicts(report)["builds"] is status
    assert asked == []


def test_service_reaches_no_network(canary_server: tuple[str, list[str]]) -> None:
    host, asked = canary_server
    program = f"import urllib.request as u; u.urlopen('http://{host}/canary')"
    report = grade(f'FROM python:3.11-slim\nCMD ["python", "-c", "{program}"]\n')
    assert verdicts(report)["process_not_root"] is Status.FAILED
    assert asked == []


@pytest.mark.parametrize(
    "step",
    ["RUN sh -c 'b() { b | b & }; b; sleep 1000'", "RUN sleep 1000"],
    ids=["fork-bomb", "endless"],
)
def test_build_that_never_ends_is_stopped(step: str) -> None:
    """The message names the step; nothing of it runs on."""
    report = grade(f"FROM python:3.11-slim\n{step}\n{SERVICE}")
    built = report.checks[0]
    assert built.status is Status.FAILED
    assert "Traceback" not in built.message
    deadline = time.monotonic() + 10
    while _running("sleep 1000") or _running("sh -c b()"):
        assert time.monotonic() < deadline, "a step of the build still runs"


def test_memory_hog_in_a_build_dies_alone() -> None:
    hog = f'FROM python:3.11-slim\nRUN python -c "x = bytearray(3 << 30)"\n{SERVICE}'
    report = grade(hog, LIMITS)
    assert verdicts(report)["builds"] is Status.FAILED
    assert "137" in report.checks[0].message or "MemoryError" in report.to_json()


def test_fork_bomb_at_run_time_is_contained() -> None:
    bomb = "import os\\nwhile True:\\n try: os.fork()\\n except OSError: pass"
    report = grade(f'FROM python:3.11-slim\nCMD ["python", "-c", "exec(\'{bomb}\')"]\n')
    assert report.status in (Status.FAILED, Status.ERROR)
    assert report.score <= 1


def test_escape_sequences_and_markup_do_not_pass() -> None:
    evil = "\\033[2J\\033]0;owned\\007<script>alert(1)</script>"
    report = grade(f"FROM python:3.11-slim\nRUN printf '{evil}\\n'; exit 3\n{SERVICE}")
    assert verdicts(report)["builds"] is Status.FAILED
    assert "\\u001b" not in report.to_json()
    assert "\x1b" not in report.to_json()


def test_secret_of_the_host_stands_in_no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_SECRET", "c4n4ry-7f31")
    report = grade(f"FROM python:3.11-slim\nRUN env; cat /proc/1/environ; exit 1\n{SERVICE}")
    assert verdicts(report)["builds"] is Status.FAILED
    assert "c4n4ry-7f31" not in report.to_json()


def test_label_of_another_session_does_not_take_anything_along() -> None:
    report = grade(SOLUTION + "LABEL drydock.session=0000000000000000\n")
    assert report.status is Status.PASSED


def test_declared_volume_is_bounded() -> None:
    """VOLUME must not be a way to fill the disk of the host."""
    fill = "dd if=/dev/zero of=/data/x bs=1M count=200 2>/dev/null; exec python app.py"
    report = grade(
        SOLUTION.replace("USER 10001", "VOLUME /data\nUSER 10001").replace(
            'CMD ["python", "app.py"]', f'CMD ["sh", "-c", "{fill}"]'
        )
    )
    assert report.complete


def _running(command: str) -> bool:
    for path in list(Path("/proc").iterdir()):
        try:
            if path.name.isdigit() and command in (path / "cmdline").read_bytes().replace(
                b"\0", b" "
            ).decode("utf-8", "replace"):
                return True
        except OSError:
            continue
    return False
