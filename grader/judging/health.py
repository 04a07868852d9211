"""A container's health status, with times of ours, so that a status takes a moment."""

from __future__ import annotations

from typing import Any

from grader.probe.container import Container

NS = 1_000_000_000
STATUS_SECONDS = 10.0
CONNECT = "import socket; socket.create_connection(('localhost', 8000), 1)"
LISTENS: dict[str, Any] = {
    "Test": ["CMD", "python", "-c", CONNECT],
    "StartPeriod": 60 * NS,
    "StartInterval": 3 * NS // 10,
    "Interval": 60 * NS,
}
"""A probe of ours: whether something listens on the service's port. Once is enough to know."""


def settings(retries: int, **seconds: float) -> dict[str, Any]:
    """A health check's times in the API's words; the probe itself stays the image's."""
    return {"Healthcheck": {k: int(v * NS) for k, v in seconds.items()} | {"Retries": retries}}


def quick(timeout: float) -> dict[str, Any]:
    """Times with which one failed probe is enough, and probes follow each other at once."""
    return settings(1, Interval=0.15, Timeout=timeout, StartPeriod=0.001, StartInterval=0.1)


def gentle(timeout: float, pause: float) -> dict[str, Any]:
    """Times for a service that is looked at for other reasons too: a probe as soon as it may serve,
    others soon after it until one succeeds, and then every ``pause`` seconds, since each starts a
    program beside it. Until then the status is ``starting``, whatever fails."""
    return settings(
        1, Interval=pause, Timeout=timeout, StartPeriod=STATUS_SECONDS, StartInterval=0.6
    )


def status(container: Container) -> str:
    """The status, what the last probe ended with and what it printed; left as evidence."""
    log = container.show_health()
    last = f"; the probe ended with exit code {log[-1].exit_code}" if log else "; no probe has run"
    said = f" and printed {log[-1].output.strip()[:200]!r}" if log and log[-1].output else ""
    return f"{container.state.health or 'not known'}{last}{said}"


def assert_becomes(
    container: Container,
    wanted: str,
    otherwise: str,
    *,
    seconds: float = STATUS_SECONDS,
    probes: int = 3,
) -> None:
    """The status becomes ``wanted``; ``otherwise`` begins the sentence that names it else."""
    became = container.wait_health(wanted, seconds, probes=probes)
    assert became is not None, f"{otherwise} {status(container)}."
