"""Exercise central_logging: what a service prints, in one place, without depending on it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from grader.compose import ComposeFile, Service, logging
from grader.engine.image import Image
from grader.judging import dependents
from grader.probe.bench import Bench
from grader.probe.collector import Collector, Event
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("central_logging")

WAITS = ("service_healthy", "service_completed_successfully")
ON_THIS_MACHINE = ("json-file", "local", "none")
ARRIVE_SECONDS = 6.0
ANSWER_SECONDS = 4.0
PREDICTIONS = 3
CHATTER_LINES = 3000
CHATTER_WIDTH = 1000
"""Together more than the pipes and the engine hold (a megabyte): a service whose lines nobody takes
stands still."""
ID = re.compile(r"sha256:[0-9a-f]*|[0-9a-f]{12,64}")


@dataclass(frozen=True)
class Delivery:
    """What the collector got while it was there, from which container."""

    marker: str
    events: tuple[Event, ...]
    container: Container

    @property
    def ours(self) -> list[Event]:
        """The events of the predictions."""
        return [event for event in self.events if self.marker in event.text]


@pytest.fixture(scope="module")
def collector(bench: Bench) -> Iterator[Collector]:
    collector = Collector(bench)
    yield collector
    collector.find()


@pytest.fixture(scope="module")
def driver(service: Service) -> str:
    """The log driver that the service asks for. Raises LearnerFault for one of another kind."""
    driver = str((service.host.get("LogConfig") or {}).get("Type") or "json-file")
    if driver not in (*ON_THIS_MACHINE, "fluentd"):
        raise LearnerFault(f"The driver {driver} doesn't speak the collector's protocol.")
    return driver


@pytest.fixture(scope="module")
def begin(
    collector: Collector, service: Service, driver: str, image: Image, start: Start
) -> Callable[[], Container]:
    """Starts the service as the compose file says, with the lab's collector."""
    asked = service.host.get("LogConfig") or {"Type": driver, "Config": {}}
    if driver == "fluentd":
        asked = logging.delivered(asked, collector.address)
    return lambda: start(
        image,
        config={**service.config, "Labels": dict(service.labels)},
        host={**service.sandboxed, "LogConfig": dict(asked)},
    )


@pytest.fixture(scope="module")
def delivery(begin: Callable[[], Container], collector: Collector, driver: str) -> Delivery:
    """Predict a few times with the collector there."""
    container = begin()
    marker = f"request-{secrets.token_hex(6)}"
    for _ in range(PREDICTIONS):
        answer = container.send(
            "/predict", method="POST", body=f'{{"name": "{marker}"}}'.encode(), receipt=False
        )()
        if not answer.ok:
            raise LearnerFault(f"POST /predict on port 8000 came to {answer}.")
    seconds = ARRIVE_SECONDS if driver == "fluentd" else 0.0
    return Delivery(marker, tuple(collector.events(marker, PREDICTIONS, seconds)), container)


def _show(bench: Bench, delivery: Delivery) -> None:
    lines = [f"{event.tag} {event.text.strip()}" for event in delivery.ours]
    bench.record(
        Evidence(
            'curl -s -d \'{"name": "a"}\' http://localhost:8000/predict > /dev/null; sleep 1; '
            "docker logs collector | tail -n 3",
            "\n".join(lines) or "(nothing arrived)",
            told=bool(lines),
        )
    )


@pytest.mark.points(2)
@pytest.mark.expects("one event for each line that the service prints")
@pytest.mark.hint(
    "Who sends the lines: the service, or Docker?",
    "logging, driver: fluentd, with the option fluentd-address.",
    "The engine connects from the machine itself: localhost:24224.",
)
def test_records_arrive(delivery: Delivery, driver: str, bench: Bench) -> None:
    """What the service prints arrives at the collector.

    Logs that stay on each machine are gone with it, and looking for one request means logging in
    to all of them.
    """
    _show(bench, delivery)
    assert driver == "fluentd", (
        f"The service logs with the driver {driver}: its lines stay on this machine."
    )
    found = len(delivery.ours)
    assert found == PREDICTIONS, (
        f"{PREDICTIONS} predictions were made, and {found} lines about them arrived within "
        f"{ARRIVE_SECONDS:.0f} s."
    )


@pytest.mark.points(1)
@pytest.mark.expects("a tag that says where it comes from")
@pytest.mark.hint(
    "By default the tag is the beginning of the container's id.",
    "The option tag takes a text; {{.Name}} in it stands for the container's name.",
)
def test_tag_is_set(delivery: Delivery, bench: Bench) -> None:
    """Events carry a tag of the service's own.

    A collector decides by the tag where an event goes. The default is the container's id, which
    changes with every start.
    """
    _show(bench, delivery)
    events = delivery.ours or delivery.events
    assert events, "No event of the service arrived, so there is no tag to look at."
    tag = events[0].tag
    assert tag.strip(), "The tag is empty."
    assert not ID.fullmatch(tag.strip()), (
        f"The tag is {tag!r}: an id, which nobody can know before and which changes."
    )


@pytest.mark.points(2)
@pytest.mark.expects("HTTP 200 without the collector, also after a new start")
@pytest.mark.hint(
    "By default the driver connects before the service starts, and waits when it can't send.",
    "The option fluentd-async makes it connect and send beside the service.",
    'fluentd-async: "true"',
)
def test_service_survives_lost_collector(
    begin: Callable[[], Container],
    delivery: Delivery,
    collector: Collector,
    compose_file: ComposeFile,
    bench: Bench,
) -> None:
    """Without the collector the service goes on answering, and starts anew.

    A log that can't be delivered is a pity; a service that stands still for it is an outage.
    """
    bench.record(
        Evidence(
            "docker rm -f collector > /dev/null; docker restart -t 1 web > /dev/null; "
            "curl -s --retry 9 --retry-all-errors --retry-delay 1 http://localhost:8000/health",
            '{"status": "ok"}',
        )
    )
    for other, condition in dependents.conditions(compose_file, "scorer").items():
        assert condition not in WAITS, (
            f"The service waits for {other} ({condition}): when that one isn't well, docker "
            "compose up doesn't start the service."
        )
    collector.lose()
    path = f"/chatter?bytes={CHATTER_LINES * CHATTER_WIDTH}&width={CHATTER_WIDTH}"
    answer = delivery.container.send(path, method="POST", timeout=ANSWER_SECONDS, receipt=False)()
    assert answer.ok, (
        f"The collector was lost, and a request that prints {CHATTER_LINES} lines came to "
        f"{answer}: the service waits for somebody to take them."
    )
    try:
        again = begin()
    except LearnerFault as fault:
        reason = fault.message
        if "logging driver" in reason:
            reason = "The log driver connects before the service starts, and nobody is there."
        raise AssertionError(f"Without the collector the service can't start. {reason}") from None
    health = again.send("/health", receipt=False)()
    assert health.ok, f"Started without the collector, /health came to {health}."
