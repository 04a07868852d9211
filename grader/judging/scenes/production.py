"""A service in production: as its compose file starts it and with a key of ours, asked with the key
and without, stopped with a request in flight.

Of the compose file's words only the times of the health check are ours, and the time zone. What it
should answer and how it should end isn't known here.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.compose import Service
from grader.engine.image import Image
from grader.engine.sandbox import FILES
from grader.judging import health, shutdown
from grader.judging.scenes import prediction
from grader.judging.scenes.prediction import FEATURES
from grader.judging.shutdown import Shutdown
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.facts import Response
from grader.verdict.outcome import LearnerFault

PROBE_SECONDS = 5.0
"""What a probe may take here: starting Python takes a while on a busy machine."""
PAUSE_SECONDS = 2.0
BUSY_SECONDS = 1.5
STOP_SECONDS = 8.0
KEY_FILE = "api_key.txt"
MOUNTED = "/run/secrets/api_key"
GARBLED = (b'{"features": "many"}', b"not JSON at all", b"[1.0, 2.0]", b"{}")
FAR_AWAY = "TZ=Asia/Kathmandu"
"""A local time that differs from UTC by 5:45 h, so that it can't be taken for it."""


@dataclass(frozen=True)
class Production:
    """What each life of the service begins with. ``config`` is the compose file's, with times of
    ours."""

    service: Service
    image: Image
    config: Mapping[str, Any]
    start: Start
    key: str

    def run(
        self,
        *,
        environment: Sequence[str] = (),
        host: Mapping[str, Any] | None = None,
        ready: bool = True,
    ) -> Container:
        """Start it with its key; ``environment`` and ``host`` are added to the compose file's.
        Raises LearnerFault when it should be ``ready`` and doesn't serve."""
        config = {**self.config, "Env": [*self.config["Env"], *environment]}
        files = {**self.service.contents, KEY_FILE: f"{self.key}\n".encode()}
        put = {path: files[name] for path, name in self.service.mounted.items()}
        return self.start(
            self.image,
            config=config,
            host={**self.service.sandboxed, FILES: put, **(host or {})},
            ready=ready,
        )

    @property
    def without_key(self) -> dict[str, Any]:
        """The HostConfig of a life in which nothing lies where the key should be."""
        mounted = self.service.mounted.items()
        put = {path: self.service.contents[name] for path, name in mounted if name != KEY_FILE}
        return {**self.service.sandboxed, FILES: put}


@dataclass(frozen=True)
class Work:
    """What the service answered to requests with the key, without it and with wrong ones, and to
    bodies that aren't a prediction's. ``request`` is the id of the first; ``begun`` in seconds
    since the epoch."""

    key: str
    request: str
    right: Response
    without: Response
    wrong: Mapping[str, Response]
    """By what is wrong with the key."""
    garbled: Mapping[str, Response]
    """By the body."""
    begun: float


@dataclass(frozen=True)
class End:
    """The last moments of the service, and all that it printed until then; ``at`` in seconds since
    the epoch."""

    shutdown: Shutdown
    printed: tuple[str, ...]
    at: float


def prepare(service: Service, image: Image, start: Start) -> Production:
    """The service as the compose file has it, and a key. Nothing is started yet. Raises
    LearnerFault where the compose file hands it no key."""
    if MOUNTED not in service.mounted:
        raise LearnerFault(
            f"{service.file} gives the service no {MOUNTED}: that takes a secret called api_key, "
            f"from file: ./{KEY_FILE}, at the top level and in the service's own list.",
        )
    times = health.gentle(PROBE_SECONDS, PAUSE_SECONDS)["Healthcheck"]
    probe = {**service.config.get("Healthcheck", {}), **times}
    environment = [*service.config.get("Env", ()), FAR_AWAY]
    config = {**service.config, "Healthcheck": probe, "Env": environment}
    return Production(service, image, config, start, f"key-{secrets.token_hex(16)}")


def work(container: Container, key: str) -> Work:
    """Requests of each kind, one of them with an id of its own."""
    begun, request = time.time(), secrets.token_hex(8)

    def ask(body: object, **headers: str) -> Response:
        return prediction.send(container, body, headers)()

    shown = {"Authorization": f"Bearer {key}"}
    right = ask(FEATURES, **shown, **{"X-Request-Id": request})
    garbled = {
        body.decode(): container.send(
            "/predict",
            method="POST",
            body=body,
            headers={"Content-Type": "application/json", **shown},
            receipt=False,
        )()
        for body in GARBLED
    }
    container.send("/nowhere", receipt=False)()
    wrong = {
        name: ask(FEATURES, Authorization=f"Bearer {other}")
        for name, other in (
            ("a wrong key", f"{key}x"),
            ("an empty key", ""),
            ("the key's first half", key[: len(key) // 2]),
        )
    }
    return Work(key, request, right, ask(FEATURES), wrong, garbled, begun)


def end(container: Container, production: Production) -> End:
    """Stop it as docker stop does, with a request in flight."""
    name = production.service.config.get("StopSignal") or production.image.stop_signal
    stopped = shutdown.observe(
        container, name, stop=container.stop, busy=BUSY_SECONDS, seconds=STOP_SECONDS
    )
    return End(stopped, tuple(line for line in container.lines().lines if line), time.time())
