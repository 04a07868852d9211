"""Inspectors that are used again: only when nothing of a grading is left in them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from grader.answer import submission
from grader.engine import bases
from grader.engine.client import Engine, connect
from grader.engine.lock import LABEL
from grader.engine.session import Session
from grader.engine.watch import Watch
from grader.exercise import catalog
from grader.grading import runner
from grader.grading.stock import Stock
from grader.probe.inspector import spare
from grader.probe.inspector.client import Inspector
from grader.tests.leftover import MOMENT_SECONDS
from grader.verdict.report import Status

pytestmark = pytest.mark.slow

EXERCISE = catalog.find("nonroot_user")
SOLUTION = submission.from_texts(EXERCISE, EXERCISE.solved)
CLOSES_FIRST = """
import socket
while True:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 8000))
        server.listen()
        with socket.create_connection(("127.0.0.1", 8000)) as client:
            accepted, _ = server.accept()
            accepted.close()
            client.recv(1)
    print("again", flush=True)
"""
"""A server without SO_REUSEADDR that is asked from beside it, as by a health check."""


@pytest.fixture
def engine() -> Iterator[Engine]:
    connected = connect()
    yield connected
    connected.close()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as own:
        yield own


@pytest.fixture
def pod(engine: Engine, session: Session) -> Inspector:
    watch = Watch(engine, f"{LABEL}={session.id}")
    return Inspector.start(engine, watch, session.id, "pod")


def neighbour(engine: Engine, session: Session, pod: Inspector, program: str) -> str:
    """A container in the pod's network that runs a Python program, and has said something."""
    body = {
        "Image": bases.SLIM,
        "Cmd": ["python", "-c", program],
        "Labels": session.labels,
        "HostConfig": {"NetworkMode": f"container:{pod.id}"},
    }
    container = session.owns(engine.create(body))
    engine.start(container)
    stream = engine.follow(container)
    assert next(iter(stream)).strip() in (b"on", b"again")
    stream.close()
    return container


def containers(stock: Stock, engine: Engine) -> set[str]:
    """The ids of a stock's containers."""
    return {identity for _, identity, _ in engine.labelled(f"{LABEL}={stock.session}")}


def has_none(stock: Stock, engine: Engine) -> bool:
    """Whether the stock's containers are gone within moments: one that has ended removes itself,
    and a busy engine takes its time for it."""
    deadline = time.monotonic() + MOMENT_SECONDS
    while containers(stock, engine):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def graded(stock: Stock) -> None:
    assert runner.grade(EXERCISE, SOLUTION, stock=stock).status is Status.PASSED
    runner.settle()


@pytest.mark.parametrize(
    "opened",
    [
        "socket.create_server(('', 8000))",
        "socket.socket(type=socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX)",
        "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    ],
)
def test_pod_is_idle_only_when_its_network_is_empty(
    engine: Engine, session: Session, pod: Inspector, opened: str
) -> None:
    program = f"import socket, time; held = {opened}; print('on', flush=True); time.sleep(99)"
    assert pod.is_idle()
    container = neighbour(engine, session, pod, program)
    assert not pod.is_idle()
    engine.remove(container)
    assert pod.is_idle()


def test_pod_is_not_idle_while_a_request_waits(pod: Inspector) -> None:
    """It would reach the next submission."""
    pod.send(
        "request", method="GET", path="/", port=8000, headers={}, body="", timeout=5.0, wait=5.0
    )
    assert not pod.is_idle()


def test_port_is_free_again_after_a_server_that_closes_first(
    engine: Engine, session: Session, pod: Inspector
) -> None:
    """Docker gives each start a network of its own; the pod's must not tell the difference."""
    container = neighbour(engine, session, pod, CLOSES_FIRST)
    engine.remove(container)
    assert pod.is_idle()
    again = neighbour(engine, session, pod, CLOSES_FIRST)
    assert b"Address already in use" not in engine.logs(again)


def test_next_grading_uses_the_same_inspectors(engine: Engine) -> None:
    with Stock() as stock:
        graded(stock)
        first = containers(stock, engine)
        graded(stock)
        assert containers(stock, engine) == first
        assert len(first) == 2
    assert containers(stock, engine) == set()


def test_lost_inspector_is_replaced(engine: Engine) -> None:
    """An engine that was restarted in between costs nobody a point."""
    with Stock() as stock:
        graded(stock)
        for each in containers(stock, engine):
            engine.remove(each)
        graded(stock)


def test_old_inspector_is_not_used_again(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another machine on the same engine may take it for abandoned."""
    with Stock() as stock:
        graded(stock)
        first = containers(stock, engine)
        monkeypatch.setattr(spare, "LONGEST_SECONDS", 0.0)
        graded(stock)
        assert not first & containers(stock, engine)


def test_grading_that_is_known_gives_back_what_it_was_lent(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("results")
    with Stock() as stock:
        for _ in range(2):
            runner.grade(EXERCISE, SOLUTION, stock=stock, results=folder)
            runner.settle()
        loan = stock.lend(EXERCISE)
        assert loan
        assert {each.container for each in loan.spares} == containers(stock, engine)
        assert len(loan.spares) == 2
        loan.handed_over()


def test_pod_of_a_container_with_capabilities_is_not_used_again(engine: Engine) -> None:
    """NET_ADMIN would let it leave rules and routes behind."""
    exercise = catalog.find("drop_capabilities")
    answer = submission.from_texts(exercise, exercise.solved)
    with Stock() as stock:
        runner.grade(exercise, answer, stock=stock)
        runner.settle()
        loan = stock.lend(exercise)
        assert loan
        assert loan.spares == ()
        assert has_none(stock, engine)
    assert containers(stock, engine) == set()


def test_what_dead_sessions_left_is_looked_for_once() -> None:
    """Not with each of a thousand answers."""
    with Stock() as stock:
        loans = [stock.lend(EXERCISE) for _ in range(3)]
    assert [loan.sweeps for loan in loans if loan] == [True, False, False]
