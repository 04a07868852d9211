"""Compose brings services up of which some depend on one that takes time to become healthy, or
never does; followed by the engine's events until what happens is certain.

Who should have waited isn't known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grader.compose import Service, project
from grader.compose.project import Project
from grader.engine.image import HealthCheck, Image
from grader.engine.watch import moment
from grader.judging import dependents
from grader.judging.dependents import SCORER, Needs
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

LOAD_SECONDS = 1.5
"""So long that whoever doesn't wait has begun before, on a busy machine too."""
PROBED = {"start_interval": 0.2, "interval": 2.0}
"""Probes follow each other at once during the start period, and then now and then: each of them
starts a program beside the services."""
SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 2.0, 5.0
BEGIN_SECONDS = 20.0
STATUS_SECONDS = 20.0
FOLLOW_SECONDS = 10.0
"""Compose looks twice a second whether what it waits for is there; a busy machine takes longer."""
EVENT_SECONDS, REFUSED_SECONDS = 5.0, 1.0
"""Until an event comes of what has happened; of a file that Compose refuses none will."""
UNKNOWN_SECONDS = 2.0
"""Compose waits for a status that doesn't come; whoever doesn't wait has long begun."""
PROBES = 15
SCENES = {
    "loads": (f"LOAD_SECONDS={LOAD_SECONDS}", STATUS_SECONDS),
    "broken": ("BROKEN=1", 1.5 * PROBED["start_interval"]),
}
"""The scorer's variable and its start period in seconds: one that loads, and a broken one."""


@dataclass(frozen=True)
class Startup:
    """What happened when Compose brought the services up. ``starts`` are the first starts of the
    dependents, ``healthy`` and ``unhealthy`` when the scorer first was, in seconds by the engine's
    clock."""

    scorer: Container
    health: str
    healthy: float | None
    unhealthy: float | None
    starts: Mapping[str, float]
    said: str

    @property
    def too_early(self) -> list[str]:
        """Dependents that didn't wait until it was known how the scorer is."""
        known = min(filter(None, (self.healthy, self.unhealthy)), default=None)
        return [name for name, at in self.starts.items() if known is None or at < known]

    @property
    def order(self) -> list[str]:
        """The order of things, as the engine's events tell it."""
        seen = [(at, f"{name} start") for name, at in self.starts.items()]
        seen += [(self.healthy, "web health_status: healthy")] if self.healthy else []
        return ["web start", *(text for _, text in sorted(seen))]


def begin(
    bench: Bench,
    image: Image,
    services: Mapping[str, Service],
    needs: Needs,
    own: HealthCheck | None,
) -> dict[str, Project]:
    """The services twice, side by side: with a scorer that ``loads``, and with one that is
    ``broken``. Of the scorer's ``own`` health check the times are ours. Whoever calls closes
    them."""
    begun, mounted = {}, project.mounted(services.values())
    for scene, (variable, start_period) in SCENES.items():
        written = {
            name: project.written(bench, image, service, needs[name])
            for name, service in services.items()
        }
        scorer = written[SCORER]
        scorer["environment"] = [*scorer.get("environment", []), variable]
        if own:
            scorer["healthcheck"] = project.health_check(
                list(own.test),
                retries=1,
                timeout=bench.watch.metronome.stretched(
                    min(max(own.timeout, SHORTEST_TIMEOUT), LONGEST_TIMEOUT)
                ),
                start_period=start_period,
                **PROBED,
            )
        begun[scene] = Project(bench, scene, written, mounted)
    return begun


def follow(
    bench: Bench, image: Image, up: Project, needs: Needs, wanted: str, *, has_check: bool
) -> Startup:
    """Follow one project until what happens is certain; the scorer is expected to become
    ``wanted``. Raises LearnerFault when Compose refuses the file."""
    watch = bench.watch
    waiting = dependents.waiting(needs)

    def started(name: str) -> float | None:
        identity = up.container(name)
        events = watch.of(identity, "start") if identity else []
        return moment(events[0]) if events else None

    def became(status: str) -> float | None:
        changes = watch.of(scorer.id, f"health_status: {status}")
        return moment(changes[0]) if changes else None

    def settled() -> bool:
        return up.finished or all(started(name) for name in waiting)

    watch.wait(lambda: up.finished or started(SCORER), BEGIN_SECONDS)
    watch.wait(lambda: started(SCORER), REFUSED_SECONDS if up.failed else EVENT_SECONDS)
    identity = up.container(SCORER)
    if identity is None or started(SCORER) is None:
        raise LearnerFault(
            f"Compose doesn't bring the services up: {up.said}",
            Evidence("docker compose config", up.said, "a compose file that Compose accepts"),
        )
    scorer = Container(bench, image, identity)
    patience = FOLLOW_SECONDS
    if has_check:
        other = "unhealthy" if wanted == "healthy" else "healthy"
        scorer.wait_health(wanted, STATUS_SECONDS, or_else=other, probes=PROBES, receipt=False)
        patience = FOLLOW_SECONDS if became(wanted) or became(other) else UNKNOWN_SECONDS
    watch.wait(settled, patience)
    begun = [name for name in waiting if up.has_started(name)]
    watch.wait(lambda: all(map(started, begun)), EVENT_SECONDS)
    starts = {name: at for name in waiting if (at := started(name)) is not None}
    health = scorer.state.health
    return Startup(scorer, health, became("healthy"), became("unhealthy"), starts, up.said)
