"""Who has to do with the scorer in a compose file, and how patient its health check is."""

from __future__ import annotations

import pytest

from grader.engine.image import HealthCheck, Image
from grader.judging import dependents
from grader.verdict.outcome import LearnerFault

IMAGE = Image("sha256:0", "", (), (), {}, (), "SIGTERM", {}, None, (), "{}", ())
SHORT = """services:
  scorer: {build: .}
  gateway: {build: ., depends_on: [scorer]}
  other: {build: .}
"""
CROWD = "".join(f"  s{each}: {{build: ., depends_on: [scorer]}}\n" for each in range(5))
LONG = """services:
  scorer: {build: ., depends_on: [database]}
  database: {build: .}
  shop: {build: ., depends_on: {scorer: {condition: service_healthy}}}
"""


def test_what_waits_and_what_is_needed() -> None:
    """In the long form; a service that has nothing to do with it is left out."""
    assert dependents.needs(SHORT, {}) == {
        "gateway": {"scorer": {"condition": "service_started"}},
        "scorer": {},
    }
    assert list(dependents.needs(LONG, {})) == ["database", "scorer", "shop"]
    assert dependents.waiting(dependents.needs(LONG, {})) == ["shop"]


def test_service_that_says_nothing_counts_as_waiting() -> None:
    """A gateway without depends_on is one that doesn't wait."""
    found = dependents.needs("services:\n  scorer: {build: .}\n  gateway: {build: .}\n", {})
    assert dependents.waiting(found) == ["gateway"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("services:\n  scorer: {build: .}\n", "no service called gateway"),
        (SHORT.replace("[scorer]", "7"), "takes a list of services, or a mapping"),
        (SHORT + CROWD, "has 7 services"),
    ],
    ids=["alone", "a-number", "crowd"],
)
def test_what_cannot_be_played_is_told(text: str, message: str) -> None:
    with pytest.raises(LearnerFault, match=message):
        dependents.needs(text, {})


def test_service_that_only_waits_may_have_any_image() -> None:
    """Ours stands in for it; what the scorer is must be known."""
    text = SHORT.replace("gateway: {build: .", "gateway: {image: nginx")
    found = dependents.services(text, dependents.needs(text, {}), {})
    assert found["gateway"].config == {"Cmd": ["sleep", "infinity"]}
    assert "scorer" in found


def test_health_check_has_dockers_times_where_none_are_given() -> None:
    text = SHORT.replace("scorer: {build: .", "scorer: {build: ., healthcheck: {test: 'true'}")
    (check,) = (
        dependents.health_check(service, IMAGE)
        for name, service in dependents.services(text, dependents.needs(text, {}), {}).items()
        if name == "scorer"
    )
    assert check == HealthCheck(("CMD-SHELL", "true"), 30.0, 30.0, 0.0, 3)


@pytest.mark.parametrize(
    ("start_period", "retries", "seconds"), [(0.0, 3, 6.0), (5.0, 3, 9.0), (5.0, 1, 5.0)]
)
def test_patience(start_period: float, retries: int, seconds: float) -> None:
    """The first probe comes after an interval, and each one but the last may fail."""
    check = HealthCheck(("CMD",), 2.0, 1.0, start_period, retries)
    assert dependents.patience(check) == seconds
