"""Exercise drain_requests: what was begun is finished, and then everything is closed."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.probe.container import Container, receipt
from grader.probe.start import Start
from grader.verdict.facts import Exit, Response
from grader.verdict.outcome import EngineError, GraderError, LearnerFault
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("drain_requests")

GRACE_SECONDS = 5
"""What docker stop waits here before it kills."""
GONE_SECONDS = GRACE_SECONDS + 5.0
IDLE_SECONDS = 3.5
"""The brief says 3: what is over is for a busy machine."""
PROBE_SECONDS = 0.5
PAUSE_SECONDS = 0.03
TELLING_SECONDS = 0.6
"""A batch that is over sooner after the signal says nothing about new requests."""
TOGETHER_SECONDS = 0.2
BEGUN_SECONDS = 0.3
"""For an answer that shows that the batch before it has begun; who works at it gives none."""
KILL_SECONDS = 1.0
"""Before its end by SIGKILL, a refusal is that end, seen early on a busy machine."""
ATTEMPTS = 3
KILLED = 137
CONFIG = {"StopTimeout": GRACE_SECONDS}
ROW = [1.0, 2.0, 3.0]
JOURNAL = "/data/scores.journal"
AGAIN = "docker start web > /dev/null; curl -s --retry 9 --retry-all-errors localhost:8000/health; "
SEND = (
    "curl -s -H 'Content-Type: application/json' "
    '-d \'{"id": "a", "rows": [[1.0, 2.0, 3.0]]}\' localhost:8000/batch & sleep 0.3; '
)
CODE = "docker inspect -f '{{.State.ExitCode}}' web"


@dataclass(frozen=True)
class Session:
    """One session of the database as the journal has it: the keys of batches that were saved, how
    often it was closed, the keys that came too late."""

    saved: tuple[str, ...]
    closings: int
    late: tuple[str, ...]


@dataclass(frozen=True)
class Shutdown:
    """One stop with a batch in flight. ``signalled`` and ``refused``: seconds from sending the
    batch to SIGTERM, and until a new request was turned away; ``served``: the last one before that
    which wasn't."""

    key: str
    answer: Response
    signalled: float
    refused: float
    served: Response | None
    end: Exit
    journal: str

    @property
    def was_hung(self) -> bool:
        """Whether the last request before the refusal was let in and never answered."""
        return self.served is not None and self.served.error == "timeout"

    @property
    def refused_by_its_end(self) -> bool:
        """Whether a service that hung until it was killed turned nothing away before that."""
        lived = self.end.seconds or 0.0
        was_killed = self.end.code == KILLED and lived > GRACE_SECONDS - KILL_SECONDS
        return was_killed and self.was_hung and self.refused - self.signalled > lived - KILL_SECONDS

    @property
    def is_telling(self) -> bool:
        """Whether it shows what new requests come to: there was time for them, and what refused
        the last one wasn't the end, which all connections see at about the same moment."""
        over = self.answer.seconds
        was_early = not self.answer.ok or self.signalled < over - TELLING_SECONDS
        was_together = self.was_hung and 0 < over - self.refused < TOGETHER_SECONDS
        return was_early and (not was_together or self.refused_by_its_end)


def _ended(container: Container) -> Exit:
    end = container.wait_exit(GONE_SECONDS)
    if end is None:
        raise EngineError("The engine neither saw the container stop nor killed it.")
    return end


class Others:
    """Two more containers: a client of ours is connected to each, one that is ``idle`` and one that
    is ``endless``. They are stopped together with the one that has a batch in flight, so that
    nobody waits for three stops."""

    def __init__(self, image: Image, start: Start, bench: Bench) -> None:
        self._containers = {
            kind: start(image, config=CONFIG, beside=True) for kind in ("endless", "idle")
        }
        self._running = list(self._containers.values())
        self._connected = {
            kind: bench.beside(functools.partial(self._connect, kind)) for kind in self._containers
        }

    def _connect(self, kind: str) -> None:
        code, said = self._containers[kind].execute("python", "client.py", kind)
        if code:
            raise LearnerFault(f"The service could not be asked: {said.strip()[-200:]}.")

    def stop(self) -> None:
        """Tell both to stop, once."""
        while self._running:
            self._running.pop().stop()

    def wait_connected(self) -> None:
        for kind in self._containers:
            with contextlib.suppress(LearnerFault):
                self._connected[kind]()

    def end(self, kind: str) -> Exit:
        """How it ended. Raises LearnerFault when no client could connect to it."""
        self._connected[kind]()
        return _ended(self._containers[kind])


@pytest.fixture(scope="module")
def others(image: Image, start: Start, bench: Bench) -> Others:
    return Others(image, start, bench)


@pytest.fixture(scope="module")
def shutdown(others: Others, image: Image, start: Start) -> Shutdown:
    """Stop the service as docker stop does, while a batch is in flight and new requests come.
    On a busy machine the signal may come too late to tell anything: once more, then."""
    for _ in range(ATTEMPTS):
        container = start(image, config=CONFIG)
        others.wait_connected()
        seen = _stop(container, others)
        if seen.is_telling:
            return seen
    raise GraderError("This machine is too busy to stop a service while a batch takes 1.5 s.")


def _stop(container: Container, others: Others) -> Shutdown:
    key = secrets.token_hex(6)
    begun = time.monotonic()
    answer = container.send(
        "/batch",
        method="POST",
        body=json.dumps({"id": key, "rows": [ROW]}).encode(),
        headers={"Content-Type": "application/json"},
        timeout=GONE_SECONDS,
        receipt=False,
    )
    container.await_accepted()
    container.send("/health", timeout=BEGUN_SECONDS, receipt=False)()
    container.stop()
    container.wait_event("kill", GONE_SECONDS)
    signalled = time.monotonic() - begun
    others.stop()
    *served, _ = _ask_until_refused(container)
    refused = time.monotonic() - begun
    response, end = answer(), _ended(container)
    journal = container.left_behind(JOURNAL) or ""
    last = served[-1] if served else None
    return Shutdown(key, response, signalled, refused, last, end, journal)


def _ask_until_refused(container: Container) -> Iterator[Response]:
    """The answers to new requests, up to the first that says no; at the latest the end of the
    service is one."""
    while True:
        asked = container.send("/health", timeout=PROBE_SECONDS, receipt=False)()
        yield asked
        if asked.error in ("refused", "closed") or asked.status == 503:
            return
        container.wait_event("die", PAUSE_SECONDS)


def _sessions(journal: str) -> list[Session]:
    """What the journal says. A closing counts when its seal is the database's own."""
    lines = [line.split(" ") for line in journal.splitlines() if line.count(" ")]
    found = []
    for name in dict.fromkeys(line[0] for line in lines):
        own = [line[1:] for line in lines if line[0] == name]
        rows = [" ".join(line[1:]) for line in own if line[0] == "saved"]
        seal = hashlib.sha256("\n".join([name, *rows]).encode()).hexdigest()
        found.append(
            Session(
                tuple(line[1] for line in own if line[0] == "saved" and len(line) > 1),
                own.count(["closed", str(len(rows)), seal]),
                tuple(line[1] for line in own if line[0] == "late" and len(line) > 1),
            )
        )
    return found


@pytest.mark.points(3)
@pytest.mark.expects('{"id": …, "scores": [4.75]}, after SIGTERM')
@pytest.mark.hint(
    "What does the process do while the handler runs? Can a batch go on meanwhile?",
    "A signal handler that sleeps keeps the event loop from running: what it waits for can't end.",
    "uvicorn handles SIGTERM by itself and waits for what is in flight: take the handler out.",
)
def test_in_flight_request_completes(shutdown: Shutdown, bench: Bench) -> None:
    """A batch in flight gets its whole answer when the service is stopped.

    Every deployment stops services. Whoever asked just before shouldn't notice.
    """
    bench.record(Evidence(f"{SEND}docker stop web; wait", str(shutdown.answer)))
    answer, end = shutdown.answer, shutdown.end
    how = f"exit code {end.code} after {end.seconds or 0:.1f} s"
    assert not answer.error, (
        f"The batch in flight came to {answer}: the connection ended without an answer. The "
        f"container ended with {how}."
    )
    expected = {"id": shutdown.key, "scores": [4.75]}
    assert answer.ok, f"The batch in flight came to {answer}."
    assert answer.json() == expected, (
        f"The batch in flight was answered with {answer.text[:200]}, it should be "
        f"{json.dumps(expected)}."
    )


@pytest.mark.points(1)
@pytest.mark.expects("connection refused (or 503) while the batch is still in flight")
@pytest.mark.hint(
    "Who goes on taking requests never comes to an end.",
    "uvicorn closes its port as soon as it handles SIGTERM; what keeps it from doing so?",
)
def test_new_requests_refused(shutdown: Shutdown, bench: Bench) -> None:
    """After SIGTERM no new request is taken, even while a batch is being finished.

    A load balancer sends a refused request to another instance; one that is taken in now may be
    lost.
    """
    served, over = shutdown.served, shutdown.answer.seconds
    new = "(curl -sm 1 localhost:8000/health || echo refused)"
    bench.record(
        Evidence(
            f"{AGAIN}{SEND}(docker stop web &) ; sleep 0.4; {new}; wait; docker wait web",
            f"a new request {shutdown.refused:.1f} s after the batch began: refused; "
            f"the batch was over after {over:.1f} s",
        )
    )
    was_early = shutdown.refused < over and not shutdown.refused_by_its_end
    assert was_early or (not shutdown.answer.ok and not shutdown.was_hung), (
        "After SIGTERM, while the batch was in flight, a new request "
        + (f"came to {served}" if served and not served.error else "was let in and never answered")
        + f". New ones were only refused when the batch was over, {shutdown.refused:.1f} s after "
        "it began."
    )


@pytest.mark.points(3)
@pytest.mark.expects("open, the batch saved, closed: once in each session")
@pytest.mark.hint(
    "Which code runs after the last request is over? That is where to close.",
    "FastAPI(lifespan=…): what comes after the yield runs at the end, when uvicorn has drained.",
    "Connect before the yield, and call database.close() after it.",
)
def test_resources_closed(shutdown: Shutdown, bench: Bench) -> None:
    """The database is closed exactly once, after the last request has used it.

    What a client library holds back is lost unless its session is closed; closed too early, the
    batch in flight fails.
    """
    bench.record(receipt.file(JOURNAL, shutdown.journal))
    sessions = _sessions(shutdown.journal)
    assert sessions, f"{JOURNAL} is empty: no session of the database was ever opened."
    for session in sessions:
        assert not session.late, (
            f"The session was closed while batch {session.late[0]!r} was still being saved."
        )
    open_ones = [session for session in sessions if not session.closings]
    opened = f"{len(sessions)} sessions were" if len(sessions) > 1 else "The session was"
    assert not open_ones, (
        f"{opened} opened and {'not all were' if len(sessions) > 1 else 'never'} closed: the "
        "journal has no last line, and what was to be saved is lost."
    )
    twice = max(session.closings for session in sessions)
    assert twice == 1, f"The session was closed {twice} times."
    saved = [key for session in sessions for key in session.saved]
    assert shutdown.key in saved or not shutdown.answer.ok, (
        "The batch in flight was answered, and its scores aren't in the database."
    )


@pytest.mark.points(2)
@pytest.mark.expects("stopped by itself within 5 s, although the rest of a batch never came")
@pytest.mark.hint(
    "How long does uvicorn wait for a client that never ends? Its log says what it waits for.",
    "uvicorn has a time limit for draining, and it is off by default.",
    "uvicorn.run(…, timeout_graceful_shutdown=2): more than a batch takes, less than the grace.",
)
def test_stops_within_grace(shutdown: Shutdown, others: Others, bench: Bench) -> None:
    """The service stops within its 5 seconds of grace, even when a client never ends.

    After the grace period comes SIGKILL, and then nothing is closed at all.
    """
    del shutdown
    end = others.end("endless")
    bench.record(
        Evidence(
            f"{AGAIN}docker exec web python client.py endless; docker stop web; {CODE}",
            f"{end.code} after {end.seconds or 0:.1f} s",
            "0, after less than 5 s",
        )
    )
    assert end.code != 137, (
        f"With a client that sent half a batch and never the rest, the service was killed "
        f"{end.seconds or 0:.1f} s after SIGTERM: its wait for the client had no end, or too late "
        "a one."
    )


@pytest.mark.points(1)
@pytest.mark.expects("0")
@pytest.mark.hint(
    "Who decides the exit code? What is the last thing that your process does?",
    "Let uvicorn.run return, and the process end by itself.",
)
def test_exit_code_is_zero(shutdown: Shutdown, bench: Bench) -> None:
    """A stop that was asked for ends with exit code 0.

    Anything else looks like a crash: on-failure starts the service again, and alerts go off.
    """
    bench.record(Evidence(f"{AGAIN}{SEND}docker stop web; wait; {CODE}", str(shutdown.end.code)))
    killed = " (killed after the grace period)" if shutdown.end.code == 137 else ""
    assert shutdown.end.code == 0, (
        f"The container ended with exit code {shutdown.end.code}{killed}."
    )


@pytest.mark.points(1)
@pytest.mark.expects("at most 3 s, with an idle connection open")
@pytest.mark.hint(
    "What does the service wait for when there is nothing to finish?",
    "An idle keep-alive connection is no request: it can be closed at once.",
)
def test_stops_fast_when_idle(shutdown: Shutdown, others: Others, bench: Bench) -> None:
    """With nothing to finish it stops at once, though a client keeps its connection open.

    Browsers, proxies and connection pools keep connections open for minutes.
    """
    del shutdown
    end = others.end("idle")
    bench.record(
        Evidence(
            f"{AGAIN}docker exec web python client.py idle; docker stop web; {CODE}",
            f"{end.code} after {end.seconds or 0:.1f} s",
        )
    )
    assert end.code != 137, "With nothing to finish the service was killed after its 5 s of grace."
    assert (end.seconds or 0) <= IDLE_SECONDS, (
        f"With nothing to finish the service took {end.seconds or 0:.1f} s to stop."
    )
