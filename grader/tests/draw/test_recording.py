"""A recording of a real container: what happened to it is what is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

import docker
from grader.draw import recording, shutdown_timeline
from grader.draw.recording import memory_used

PROBE = {"test": ["CMD", "true"], "interval": 200_000_000, "retries": 1}


@pytest.fixture
def container() -> Iterator[Any]:
    client = docker.from_env()
    made = client.containers.run(
        "python:3.11-slim", ["sleep", "60"], detach=True, network_mode="none", healthcheck=PROBE
    )
    yield made
    made.remove(force=True)
    client.close()


def test_recording_holds_what_the_engine_did(container: Any) -> None:
    """Start, health, signals and end are there, however late the event stream brings them."""
    with recording(container) as seen:
        healthy = seen.wait(lambda s: s.probes and s.memory, 30)
        seen.mark("stop")
        container.stop(timeout=0)
    assert healthy
    actions = [event.action for event in seen.events]
    assert actions.index("start") < actions.index("kill") < actions.index("die")
    assert seen.probes[0].exit_code == 0
    assert 0 < seen.memory[0].bytes < 100 * 1024 * 1024
    assert [mark.text for mark in seen.marks] == ["stop"]
    assert "exit code 137" in repr(shutdown_timeline(seen.requests, seen.events))


def test_fate_of_a_request_is_recorded(container: Any) -> None:
    """The end of the block waits for it, and a refused connection is no traceback."""
    with recording(container) as seen:
        seen.beside("GET /", requests.get, "http://127.0.0.1:9/", timeout=5)
    (request,) = seen.requests
    assert (request.outcome, request.ok) == ("refused", False)
    assert request.end >= request.begin


@pytest.mark.parametrize(
    ("stats", "bytes"),
    [
        ({"memory_stats": {"usage": 100, "stats": {"total_inactive_file": 30}}}, 70),
        ({"memory_stats": {"usage": 100, "stats": {"inactive_file": 40}}}, 60),
        ({"memory_stats": {}}, 0),
        ({}, 0),
    ],
)
def test_memory_is_counted_as_docker_stats_does(stats: dict[str, Any], bytes: int) -> None:
    """cgroup v1, cgroup v2, and a container that has just ended."""
    assert memory_used(stats) == bytes
