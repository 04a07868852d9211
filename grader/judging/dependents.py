"""Which services of a compose file have to do with one of them: what it needs, what waits for it,
and the health check that the waiting goes by.

Read as data and with Compose's own understanding; nothing is started here, and whether somebody
waits well isn't known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader import compose
from grader.compose import ComposeFile, Service
from grader.engine.image import NANOSECONDS, HealthCheck, Image
from grader.verdict.outcome import LearnerFault, NotInLab

SCORER, GATEWAY = "scorer", "gateway"
MOST_SERVICES = 6

Needs = Mapping[str, Mapping[str, Any]]
"""What each service depends on, in ``depends_on``'s long form."""


def needs(text: str, files: Mapping[str, bytes]) -> Needs:
    """What each service that has to do with the scorer depends on. Raises LearnerFault when
    nothing waits, or too much."""
    asked = compose.read(text, run=(), files=files).asked
    found = {str(name): _long_form(service.get("depends_on")) for name, service in asked.items()}
    wanted = {name for name in found if SCORER in found[name]} | ({GATEWAY} & found.keys())
    wanted |= set() if wanted else found.keys() - {SCORER}
    if not wanted:
        raise LearnerFault("compose.yaml has no service called gateway that could wait.")
    todo = [*wanted, SCORER]
    while todo:
        name = todo.pop()
        wanted.add(name)
        todo += [each for each in found.get(name, {}) if each in found and each not in wanted]
    if len(wanted) > MOST_SERVICES:
        raise LearnerFault(
            f"compose.yaml has {len(wanted)} services that have to do with the scorer; the lab "
            f"starts at most {MOST_SERVICES}."
        )
    return {name: found.get(name, {}) for name in sorted(wanted)}


def _long_form(asked: Any) -> dict[str, Any]:
    if isinstance(asked, list):
        return {str(name): {"condition": "service_started"} for name in asked}
    return {str(name): how for name, how in (asked or {}).items()} if _is_map(asked) else {}


def _is_map(asked: Any) -> bool:
    if asked is not None and not isinstance(asked, dict):
        raise LearnerFault("depends_on takes a list of services, or a mapping.")
    return asked is not None


def conditions(file: ComposeFile, name: str) -> dict[str, str]:
    """What a service waits for before it starts, without what isn't required."""
    asked = _long_form(file.asked[name].get("depends_on"))
    return {
        other: str((how or {}).get("condition", "service_started"))
        for other, how in asked.items()
        if (how or {}).get("required", True)
    }


def services(text: str, needed_by: Needs, files: Mapping[str, bytes]) -> dict[str, Service]:
    """What Compose makes of the services in ``needed_by``. One that only waits may have any image:
    ours stands in. Raises LearnerFault or NotInLab."""
    file = compose.read(text, run=needed_by, files=files)
    needed = {each for found in needed_by.values() for each in found} | {SCORER}
    return {name: _service(file, name, is_needed=name in needed) for name in needed_by}


def _service(file: ComposeFile, name: str, *, is_needed: bool) -> Service:
    try:
        file.building(name)
    except NotInLab:
        if is_needed:
            raise
        return Service(name, {}, {"Cmd": ["sleep", "infinity"]}, {})
    return file.service(name)


def health_check(service: Service, image: Image) -> HealthCheck | None:
    """The health check that the compose file gives a service, or else its image, with Docker's
    times where there are none; None when it has no health check."""
    found = dict(service.config.get("Healthcheck") or {})
    own = image.health
    if own and not found.get("Test"):
        inherited = {
            "Test": list(own.test),
            "Interval": int(own.interval * NANOSECONDS),
            "Timeout": int(own.timeout * NANOSECONDS),
            "StartPeriod": int(own.start_period * NANOSECONDS),
            "Retries": own.retries,
        }
        found = {**inherited, **found}
    test = tuple(found.get("Test") or ())
    if not test or test[0] == "NONE":
        return None
    times = [found.get(key, 0) / NANOSECONDS for key in ("Interval", "Timeout", "StartPeriod")]
    return HealthCheck(
        test, times[0] or 30.0, times[1] or 30.0, times[2], found.get("Retries") or 3
    )


def patience(check: HealthCheck) -> float:
    """When Docker may first call a service unhealthy that still loads, in seconds after its
    start."""
    return (check.start_period or check.interval) + (check.retries - 1) * check.interval


def waiting(needed_by: Needs) -> list[str]:
    """The services that depend on the scorer; all others where none says so."""
    dependents = [name for name in needed_by if name != SCORER and SCORER in needed_by[name]]
    return dependents or [name for name in needed_by if name != SCORER]
