"""A service in production where something is missing that it needs: its key, or its model.

Whether it should refuse to start or say that it isn't well isn't known here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from grader.judging import health
from grader.judging.scenes.production import Production
from grader.probe.bench import Bench
from grader.verdict.facts import Exit, Response
from grader.verdict.outcome import LearnerFault

REFUSE_SECONDS = 15.0
RESTART_SECONDS = 15.0
SPARE_SECONDS = 8.0
NOWHERE = "MODEL_PATH=/nonexistent/model.json"
QUIET = "LOG_LEVEL=error"


@dataclass(frozen=True)
class Keyless:
    """A life without the key: how it ended, and whether it was started again."""

    end: Exit | None
    came_back: bool


@dataclass(frozen=True)
class Modelless:
    """A life with a model that isn't there: what /health came to (None: no service at all),
    whether Docker called it healthy, and what was printed with LOG_LEVEL=error."""

    answer: Response | None
    was_healthy: bool
    printed: tuple[str, ...]


def keyless(production: Production, bench: Bench) -> Callable[[], Keyless]:
    """The service without its key, beside others; calling the result waits for its end."""

    def live() -> Keyless:
        listening = {**production.config, "Healthcheck": health.LISTENS}
        container = production.start(
            production.image, config=listening, host=production.without_key, beside=True
        )
        container.wait_health("healthy", REFUSE_SECONDS, receipt=False)  # or until it ends
        end = container.wait_exit(SPARE_SECONDS)  # some listen first and look for the key then
        came_back = end is not None and container.wait_restart(RESTART_SECONDS)
        container.remove()
        return Keyless(end, came_back)

    return bench.beside(live)


def modelless(production: Production) -> Modelless:
    """The service with a MODEL_PATH where nothing is; it isn't started again when it ends."""
    once = {"RestartPolicy": {"Name": "no"}}
    container = production.run(environment=(NOWHERE, QUIET), host=once, ready=False)
    try:
        answer = container.wait_ready()
    except LearnerFault:
        return Modelless(None, False, container.lines().lines)
    container.wait_health("healthy", health.STATUS_SECONDS, probes=1, receipt=False)
    was_healthy = "healthy" in container.health_changes()
    return Modelless(answer, was_healthy, container.lines().lines)
