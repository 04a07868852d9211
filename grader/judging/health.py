"""A container's health status, with times of ours, so that a status takes a moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.compose import Service
from grader.engine.image import HealthCheck, Image
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.report import Evidence

NS = 1_000_000_000
STATUS_SECONDS = 10.0
DEFAULTS = HealthCheck((), 30.0, 30.0, 0.0, 3)
"""Docker's own times."""
TIMES = (
    "docker image inspect -f '{{with .Config.Healthcheck}}interval {{.Interval.Seconds}} s, "
    "timeout {{.Timeout.Seconds}} s, start period {{.StartPeriod.Seconds}} s, "
    "retries {{.Retries}}{{end}}' web"
)
FACTOR = 10.0
CONNECT = "import socket; socket.create_connection(('localhost', 8000), 1)"
LISTENS: dict[str, Any] = {
    "Test": ["CMD", "python", "-c", CONNECT],
    "StartPeriod": 60 * NS,
    "StartInterval": 3 * NS // 10,
    "Interval": 60 * NS,
}
"""A probe of ours: whether something listens on the service's port. Once is enough to know."""


def scale(bench: Bench) -> float:
    """By what times may be divided, so that nobody waits for whole ones: less on a busy machine,
    where a start and a probe take longer."""
    return max(1.0, FACTOR / bench.watch.metronome.stretched(1.0))


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
    if not container.state.running:
        return "none any more: the container has ended, and nothing else than the probe touched it"
    last = f"; the probe ended with exit code {log[-1].exit_code}" if log else "; no probe has run"
    said = f" and printed {log[-1].output.strip()[:200]!r}" if log and log[-1].output else ""
    return f"{container.state.health or 'not known'}{last}{said}"


def assert_becomes(
    container: Container,
    wanted: str,
    otherwise: str,
    *,
    probes: int = 3,
) -> None:
    """The status becomes ``wanted``; ``otherwise`` begins the sentence that names it else."""
    became = container.wait_health(wanted, STATUS_SECONDS, probes=probes)
    assert became is not None, f"{otherwise} {status(container)}."
    if wanted == "unhealthy":
        # A probe that ends the service does so a moment later than it fails.
        container.wait_probe()
        assert container.state.running, f"{otherwise} {status(container)}."


def assert_loads(
    start: Start, image: Image, variable: str, config: Mapping[str, Any] | None = None
) -> None:
    """The given service, told by ``variable`` to load for minutes, answers 503: whoever finds it
    ready at once looks at another one."""
    own = dict(config or {})
    own["Env"] = [*own.get("Env", []), f"{variable}=300"]
    answer = start(image, config=own, ready=False).wait_ready()
    assert answer.status != 200, (
        f"With {variable}=300 your service answers 200 at once, and the given app.py answers 503 "
        "for five minutes: this is another service than the one that it is to be judged with."
    )


def times(image: Image) -> Evidence:
    """The times of the image's health check, with the command that prints them."""
    own = image.health or DEFAULTS
    said = f"interval {own.interval:g} s, timeout {own.timeout:g} s"
    return Evidence(TIMES, f"{said}, start period {own.start_period:g} s, retries {own.retries}")


def assert_follows(container: Container, image: Image) -> None:
    """The image's health check says how a service is that can be broken with a POST to /break, and
    repaired with one to /repair."""
    assert image.health, "The image has no health check, so Docker can't know how the service is."
    assert_becomes(container, "healthy", "The service works, and its status is")
    container.post("/break", {})
    assert_becomes(container, "unhealthy", "/health answers 503, and the status is")
    container.post("/repair", {})


def assert_checked(image: Image, service: Service) -> None:
    """The image or the compose file has a health check."""
    probe = tuple(service.config.get("Healthcheck", {}).get("Test") or ()) or (
        image.health.test if image.health else ()
    )
    assert probe[:1] not in ((), ("NONE",)), (
        "Neither the image nor compose.yaml has a health check, so Docker can't know how the "
        "service is."
    )
