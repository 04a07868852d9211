"""Exercise compose_health: a service is started when the one that it needs is healthy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from grader import compose
from grader.compose import ComposeFile, Service, project
from grader.compose.project import Project
from grader.engine.image import NANOSECONDS, Image
from grader.engine.watch import moment
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.verdict.outcome import LearnerFault, NotInLab
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("compose_health")

SCORER, GATEWAY = "scorer", "gateway"
LOAD_SECONDS = 1.5
"""So long that whoever doesn't wait has begun before, on a busy machine too."""
LONGEST_LOAD = 5.0
"""What the exercise says that loading may take; judged by the learner's own numbers."""
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
MOST_SERVICES = 6
AFTER = (
    "docker events --since 30m --until $(date +%s) --filter container=web "
    "--filter container=gateway --filter event=start --filter event=health_status "
    "--format '{{.Actor.Attributes.name}} {{.Action}}'"
)
BROKEN = (
    'printf \'services: {scorer: {environment: {BROKEN: "1"}, healthcheck: {interval: 1s, '
    "start_period: 1s, retries: 1}}}' > broken.yaml; docker rm -f web gateway > /dev/null; "
    "docker compose -p web -f compose.yaml -f broken.yaml up -d; "
    "docker ps -a --filter name=gateway --format '{{.Names}} {{.Status}}'"
)


@dataclass(frozen=True)
class Play:
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

    def show(self) -> Evidence:
        """The order of things, as the engine's events tell it."""
        seen = [(at, f"{name} start") for name, at in self.starts.items()]
        seen += [(self.healthy, "web health_status: healthy")] if self.healthy else []
        rows = ["web start", *(text for _, text in sorted(seen))]
        return Evidence(AFTER, "\n".join(rows))


@pytest.fixture(scope="module")
def names(answers: Mapping[str, str]) -> dict[str, Any]:
    """What each service that has to do with the scorer depends on."""
    asked = compose.read(answers["compose.yaml"], run=()).asked
    needs = {str(name): _needs(service.get("depends_on")) for name, service in asked.items()}
    wanted = {name for name in needs if SCORER in needs[name]} | ({GATEWAY} & needs.keys())
    wanted |= set() if wanted else needs.keys() - {SCORER}
    if not wanted:
        raise LearnerFault("compose.yaml has no service called gateway that could wait.")
    todo = [*wanted, SCORER]
    while todo:
        name = todo.pop()
        wanted.add(name)
        todo += [each for each in needs.get(name, {}) if each in needs and each not in wanted]
    if len(wanted) > MOST_SERVICES:
        raise LearnerFault(
            f"compose.yaml has {len(wanted)} services that have to do with the scorer; the lab "
            f"starts at most {MOST_SERVICES}."
        )
    return {name: needs.get(name, {}) for name in sorted(wanted)}


def _needs(asked: Any) -> dict[str, Any]:
    """depends_on in its long form."""
    if isinstance(asked, list):
        return {str(name): {"condition": "service_started"} for name in asked}
    return {str(name): how for name, how in (asked or {}).items()} if _is_map(asked) else {}


def _is_map(asked: Any) -> bool:
    if asked is not None and not isinstance(asked, dict):
        raise LearnerFault("depends_on takes a list of services, or a mapping.")
    return asked is not None


@pytest.fixture(scope="module")
def services(answers: Mapping[str, str], names: Mapping[str, Any]) -> dict[str, Service]:
    """What Compose makes of them. One that only waits may have any image: ours stands in."""
    file = compose.read(answers["compose.yaml"], run=names)
    needed = {each for needs in names.values() for each in needs} | {SCORER}
    return {name: _service(file, name, is_needed=name in needed) for name in names}


def _service(file: ComposeFile, name: str, *, is_needed: bool) -> Service:
    try:
        return file.service(name)
    except NotInLab:
        if is_needed:
            raise
        return Service(name, {}, {"Cmd": ["sleep", "infinity"]}, {})


@dataclass(frozen=True)
class Own:
    """The learner's health check of the scorer; times in seconds, Docker's where none is given."""

    test: tuple[str, ...]
    interval: float
    timeout: float
    start_period: float
    retries: int

    @property
    def patience(self) -> float:
        """When Docker may first call a service unhealthy that still loads."""
        return (self.start_period or self.interval) + (self.retries - 1) * self.interval


@pytest.fixture(scope="module")
def own(services: Mapping[str, Service]) -> Own | None:
    found = services[SCORER].config.get("Healthcheck") or {}
    test = tuple(found.get("Test") or ())
    if not test or test[0] == "NONE":
        return None
    times = [found.get(key, 0) / NANOSECONDS for key in ("Interval", "Timeout", "StartPeriod")]
    return Own(test, times[0] or 30.0, times[1] or 30.0, times[2], found.get("Retries") or 3)


@pytest.fixture(scope="module")
def projects(
    services: Mapping[str, Service],
    names: Mapping[str, Any],
    own: Own | None,
    image: Image,
    bench: Bench,
) -> Iterator[dict[str, Project]]:
    """The services twice, side by side: with a scorer that loads, and with a broken one."""
    scenes = {
        "loads": (f"LOAD_SECONDS={LOAD_SECONDS}", STATUS_SECONDS),
        "broken": ("BROKEN=1", 1.5 * PROBED["start_interval"]),
    }
    begun = {}
    for scene, (variable, start_period) in scenes.items():
        written = {
            name: project.written(bench, image, service, names[name])
            for name, service in services.items()
        }
        scorer = written[SCORER]
        scorer["environment"] = [*scorer.get("environment", []), variable]
        if own:
            scorer["healthcheck"] = project.health_check(
                list(own.test),
                retries=1,
                timeout=min(max(own.timeout, SHORTEST_TIMEOUT), LONGEST_TIMEOUT),
                start_period=start_period,
                **PROBED,
            )
        begun[scene] = Project(bench, scene, written)
    yield begun
    for each in begun.values():
        each.close()


def _play(
    bench: Bench, image: Image, up: Project, names: Mapping[str, Any], wanted: str, has_check: bool
) -> Play:
    """Follow one project until what happens is certain. Raises LearnerFault when Compose refuses
    the file."""
    watch = bench.watch
    dependents = [name for name in names if name != SCORER and SCORER in names[name]]
    dependents = dependents or [name for name in names if name != SCORER]

    def started(name: str) -> float | None:
        identity = up.container(name)
        events = watch.of(identity, "start") if identity else []
        return moment(events[0]) if events else None

    def became(status: str) -> float | None:
        changes = watch.of(scorer.id, f"health_status: {status}")
        return moment(changes[0]) if changes else None

    def settled() -> bool:
        return up.finished or all(started(name) for name in dependents)

    watch.wait(lambda: up.finished or started(SCORER), BEGIN_SECONDS)
    watch.wait(lambda: started(SCORER), REFUSED_SECONDS if up.failed else EVENT_SECONDS)
    identity = up.container(SCORER)
    if identity is None or started(SCORER) is None:
        raise LearnerFault(
            f"Compose doesn't bring the services up: {up.said}",
            Evidence("docker compose config", up.said, "a compose file that Compose accepts"),
        )
    scorer = Container(bench, image, identity)
    follow = FOLLOW_SECONDS
    if has_check:
        other = "unhealthy" if wanted == "healthy" else "healthy"
        scorer.wait_health(wanted, STATUS_SECONDS, or_else=other, probes=PROBES, receipt=False)
        follow = FOLLOW_SECONDS if became(wanted) or became(other) else UNKNOWN_SECONDS
    watch.wait(settled, follow)
    begun = [name for name in dependents if up.has_started(name)]
    watch.wait(lambda: all(map(started, begun)), EVENT_SECONDS)
    starts = {name: at for name in dependents if (at := started(name)) is not None}
    health = scorer.state.health
    return Play(scorer, health, became("healthy"), became("unhealthy"), starts, up.said)


@pytest.fixture(scope="module")
def loads(
    projects: Mapping[str, Project],
    names: Mapping[str, Any],
    own: Own | None,
    image: Image,
    bench: Bench,
) -> Play:
    return _play(bench, image, projects["loads"], names, "healthy", own is not None)


@pytest.fixture(scope="module")
def broken(
    loads: Play,
    projects: Mapping[str, Project],
    names: Mapping[str, Any],
    own: Own | None,
    image: Image,
    bench: Bench,
) -> Play:
    return _play(bench, image, projects["broken"], names, "unhealthy", own is not None)


@pytest.mark.points(2)
@pytest.mark.expects("healthy, with patience for five seconds of loading")
@pytest.mark.hint(
    "docker inspect shows what the probe printed. Does the program that it calls exist?",
    "The slim image has no curl. Which program that can make a request is there for sure?",
    "healthcheck, test: [CMD, python, -c, …] with urllib.request.urlopen, which raises on a 503.",
)
def test_service_becomes_healthy(loads: Play, own: Own | None, bench: Bench) -> None:
    """The scorer becomes healthy once it has loaded its model.

    Whoever waits for a service that is never called healthy waits for ever.
    """
    bench.record(
        Evidence("docker inspect -f '{{json .State.Health.Status}}' web", loads.health or "(none)")
    )
    assert own is not None, "The service scorer has no health check, so it never becomes healthy."
    log = loads.scorer.show_health() if loads.healthy is None else ()
    said = "; no probe has run" if not log else f"; the probe ended with {log[-1].exit_code}"
    if log and (lines := log[-1].output.strip().splitlines()):
        said += f", {lines[-1].strip()[:200]!r}"
    assert loads.healthy is not None, (
        f"The service works, and its status is {loads.health or 'not known'}{said}."
    )
    assert own.patience > LONGEST_LOAD, (
        f"Docker's patience ends after {own.patience:g} s here (start period "
        f"{own.start_period:g} s, {own.retries} retries, interval {own.interval:g} s), and loading "
        f"may take {LONGEST_LOAD:g} s: a slow start would be called unhealthy."
    )


@pytest.mark.points(2)
@pytest.mark.expects("the gateway's start after the scorer's health_status: healthy")
@pytest.mark.hint(
    "The short form of depends_on waits until the other container is started, not until it works.",
    "depends_on has a long form with a condition.",
    "depends_on: {scorer: {condition: service_healthy}}",
)
def test_dependent_waits(loads: Play, broken: Play, bench: Bench) -> None:
    """The dependent service is started, and only after the scorer became healthy.

    A program that finds nobody at its start gives up, or fills the logs with failed attempts.
    """
    bench.record(loads.show())
    early = loads.too_early or broken.too_early
    assert not early, (
        f"{' and '.join(early)} was started while the scorer wasn't healthy"
        f"{' at all' if not loads.too_early else ' yet'}."
    )
    if loads.healthy is None:
        pytest.skip("Needs service_becomes_healthy, which has not passed.")
    assert loads.starts, (
        f"The scorer became healthy, and nothing that depends on it was started. Compose said: "
        f"{loads.said or 'nothing'}"
    )


@pytest.mark.points(2)
@pytest.mark.expects("the gateway created, never started")
@pytest.mark.hint(
    "What does your probe say when /health answers 503?",
    "Is the dependency required? A condition holds nobody up that may go without.",
)
def test_unhealthy_dependency_blocks(broken: Play, bench: Bench) -> None:
    """When the scorer never becomes healthy, its dependent isn't started.

    A deployment that stops is seen at once; one that goes on with a broken part serves errors.
    """
    bench.record(Evidence(BROKEN, "\n".join(broken.starts) or "gateway Created"))
    assert not broken.starts, (
        f"The scorer answers 503 for good, is called {broken.health or 'nothing'}, and "
        f"{' and '.join(broken.starts)} was started all the same."
    )
