"""Exercise drain_requests: what was begun is finished, and then everything is closed."""

from __future__ import annotations

import json

import pytest

from grader.engine.image import Image
from grader.judging import journal
from grader.judging.scenes import drain
from grader.judging.scenes.drain import Drain
from grader.judging.scenes.lingering import GRACE_SECONDS, Lingering
from grader.probe.bench import Bench
from grader.probe.container import receipt
from grader.probe.start import Start
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("drain_requests")

IDLE_SECONDS = 3.5
"""The brief says 3: what is over is for a busy machine."""
AGAIN = "docker start web > /dev/null; curl -s --retry 9 --retry-all-errors localhost:8000/health; "
SEND = (
    "curl -s -H 'Content-Type: application/json' "
    '-d \'{"id": "a", "rows": [[1.0, 2.0, 3.0]]}\' localhost:8000/batch & sleep 0.3; '
)
CODE = "docker inspect -f '{{.State.ExitCode}}' web"


@pytest.fixture(scope="module")
def others(image: Image, start: Start, bench: Bench) -> Lingering:
    return Lingering(image, start, bench)


@pytest.fixture(scope="module")
def shutdown(others: Lingering, image: Image, start: Start) -> Drain:
    return drain.play(image, start, others)


@pytest.mark.points(3)
@pytest.mark.expects('{"id": …, "scores": [4.75]}, after SIGTERM')
@pytest.mark.hint(
    "What does the process do while the handler runs? Can a batch go on meanwhile?",
    "A signal handler that sleeps keeps the event loop from running: what it waits for can't end.",
    "uvicorn handles SIGTERM by itself and waits for what is in flight: take the handler out.",
)
def test_in_flight_request_completes(shutdown: Drain, bench: Bench) -> None:
    """A batch in flight gets its whole answer when the service is stopped.

    Every deployment stops services. Whoever asked just before shouldn't notice.
    """
    answered = shutdown.answer.text[:300] or f"({shutdown.answer})"
    bench.record(Evidence(f"{SEND}docker stop web; wait", answered))
    answer, end = shutdown.answer, shutdown.end
    how = f"exit code {end.code} after {end.seconds or 0:.1f} s"
    assert not answer.error, (
        f"The batch in flight came to {answer}: the connection ended without an answer. The "
        f"container ended with {how}."
    )
    assert not shutdown.answer_was_lost, (
        f"The batch in flight was answered {answer.seconds - shutdown.signalled:.1f} s after "
        f"SIGTERM; docker stop kills the service after {GRACE_SECONDS} s."
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
def test_new_requests_refused(shutdown: Drain, bench: Bench) -> None:
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
            told=True,
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
def test_resources_closed(shutdown: Drain, bench: Bench) -> None:
    """The database is closed exactly once, after the last request has used it.

    What a client library holds back is lost unless its session is closed; closed too early, the
    batch in flight fails.
    """
    bench.record(receipt.file(journal.PATH, shutdown.journal))
    sessions = journal.sessions(shutdown.journal)
    assert sessions, f"{journal.PATH} is empty: no session of the database was ever opened."
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
def test_stops_within_grace(shutdown: Drain, others: Lingering, bench: Bench) -> None:
    """The service stops within its 5 seconds of grace, even when a client never ends.

    After the grace period comes SIGKILL, and then nothing is closed at all.
    """
    del shutdown
    end = others.end("endless")
    bench.record(
        Evidence(
            f"{AGAIN}docker exec web python client.py endless; docker stop web; {CODE}",
            f"{end.code}\n(after {end.seconds or 0:.1f} s)",
            "0, after less than 5 s",
        )
    )
    was_late = end.code == 137 or others.is_later("endless", end, GRACE_SECONDS)
    assert not was_late, (
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
def test_exit_code_is_zero(shutdown: Drain, bench: Bench) -> None:
    """A stop that was asked for ends with exit code 0.

    Anything else looks like a crash: on-failure starts the service again, and alerts go off.
    """
    bench.record(Evidence(f"{AGAIN}{SEND}docker stop web; wait; {CODE}", str(shutdown.end.code)))
    killed = " (killed after the grace period)" if shutdown.was_killed else ""
    assert shutdown.end.code == 0 and not killed, (  # noqa: PT018
        f"The container ended with exit code {shutdown.end.code}{killed}."
    )


@pytest.mark.points(1)
@pytest.mark.expects("at most 3 s, with an idle connection open")
@pytest.mark.hint(
    "What does the service wait for when there is nothing to finish?",
    "An idle keep-alive connection is no request: it can be closed at once.",
)
def test_stops_fast_when_idle(shutdown: Drain, others: Lingering, bench: Bench) -> None:
    """With nothing to finish it stops at once, though a client keeps its connection open.

    Browsers, proxies and connection pools keep connections open for minutes.
    """
    del shutdown
    end = others.end("idle")
    bench.record(
        Evidence(
            f"{AGAIN}docker exec web python client.py idle; docker stop web; {CODE}",
            f"{end.code}\n(after {end.seconds or 0:.1f} s)",
        )
    )
    assert end.code != 137, "With nothing to finish the service was killed after its 5 s of grace."
    assert not others.is_later("idle", end, IDLE_SECONDS), (
        f"With nothing to finish the service took {end.seconds or 0:.1f} s to stop."
    )
