"""Exercise signal_delivery: the signal that `docker stop` sends reaches the service."""

from __future__ import annotations

import signal
from dataclasses import dataclass

import pytest

from grader.bench import Bench
from grader.container import Container
from grader.facts import Exit, Process, Response
from grader.image import Image
from grader.report import Evidence

pytestmark = [pytest.mark.exercise("signal_delivery"), pytest.mark.observed]

SLOW_SECONDS = 1.0
LOOK_SECONDS = 0.4
"""After the signal, while the request is still in flight."""
STOP_SECONDS = 5.0
"""Well inside docker stop's ten seconds; the request in flight takes a tenth of that."""
GRACE_SECONDS = 10
INITS = frozenset({"tini", "tini-static", "docker-init", "dumb-init", "catatonit", "s6-svscan"})
STOP = "docker stop web && docker inspect -f '{{.State.ExitCode}}' web"


@dataclass(frozen=True)
class Shutdown:
    """One stop with a request in flight: what ran before and during it, and how it ended."""

    before: tuple[Process, ...]
    server: Process | None
    during: tuple[Process, ...]
    answer: Response
    end: Exit | None
    signal_name: str
    is_deaf: bool

    @property
    def first(self) -> Process:
        return self.before[0]


@pytest.fixture(scope="module")
def shutdown(container: Container, image: Image) -> Shutdown:
    """Stop the container as `docker stop` begins to, while a request is in flight."""
    served_by = (container.get("/whoami").json() or {}).get("pid")
    before = container.processes()
    server = next((process for process in before if process.pid == served_by), None)
    name = image.stop_signal
    is_deaf = _is_deaf(before[0], name)
    answer = container.send(f"/slow?seconds={SLOW_SECONDS}", receipt=False)
    container.await_accepted()
    container.signal(name)
    during = () if is_deaf else container.remaining(LOOK_SECONDS)
    response = answer()
    end = None if is_deaf else container.wait_exit(STOP_SECONDS)
    return Shutdown(before, server, during, response, end, name, is_deaf)


def _is_deaf(first: Process, name: str) -> bool:
    """The kernel drops signals for process 1 that it has no handler for; SIGKILL excepted."""
    try:
        number = signal.Signals[name] if not name.isdigit() else signal.Signals(int(name))
    except (KeyError, ValueError):
        return False
    takes_it = first.name in INITS or number == signal.SIGKILL
    return not takes_it and not first.catches(number) and not first.awaits(number)


@pytest.mark.points(1)
@pytest.mark.hint("Read the message of the build: it names the line that failed.")
def test_builds(image: Image) -> None:
    """The image builds."""
    assert image.id, "There is no image."


@pytest.mark.points(2)
@pytest.mark.expects("python app.py as the container's first process, or an init above it")
@pytest.mark.hint(
    "docker top shows the processes. Which one is the first, and which one serves?",
    "In shell form (CMD python app.py) the first process is /bin/sh -c.",
    'Write CMD as a list, in exec form: CMD ["python", "app.py"].',
)
def test_pid1_is_service(container: Container, shutdown: Shutdown) -> None:
    """The container's first process is the service itself, or an init made for that place.

    The engine sends its signals to process 1 and to nobody else. A shell in that place must be
    programmed to pass them on, to wait, and to reap what ends; a program made for it does so.
    """
    container.show(shutdown.before)
    first, server = shutdown.first, shutdown.server
    assert server is not None, "No process of the container is the one that answers requests."
    if server.pid == first.pid:
        return
    assert first.name in INITS, (
        f"Process 1 is {first.command_line!r}; the service runs below it as process {server.pid}."
    )
    assert server.parent == first.host_pid, (
        f"Process 1 is {first.name}, but the service is not its child: between them is "
        f"{_between(shutdown)!r}, and the signal ends there."
    )


def _between(shutdown: Shutdown) -> str:
    parent = shutdown.server.parent if shutdown.server else 0
    return next(
        (p.command_line for p in shutdown.before if p.host_pid == parent), "another process"
    )


@pytest.mark.points(3)
@pytest.mark.expects("the request in flight is answered, and the container ends by itself")
@pytest.mark.hint(
    "Does the service print that SIGTERM came? docker logs web shows it.",
    "What runs as process 1 decides who gets the signal.",
    'Start the service in exec form: CMD ["python", "app.py"].',
)
def test_stops_on_sigterm(container: Container, shutdown: Shutdown, bench: Bench) -> None:
    """The service stops when docker stop asks it to, and finishes the request in flight.

    Every deployment stops containers. What doesn't hear the signal loses the requests it was
    working on, and makes each deployment wait for the grace period.
    """
    container.show_signals(shutdown.first)
    assert not shutdown.is_deaf, (
        f"Process 1 ({shutdown.first.command_line!r}) has no handler for {shutdown.signal_name}, "
        f"and the kernel then drops it for process 1: docker stop would wait {GRACE_SECONDS} s and "
        "kill it."
    )
    assert shutdown.signal_name not in ("SIGKILL", "KILL", "9"), (
        "STOPSIGNAL SIGKILL ends the service without a chance to finish anything."
    )
    assert shutdown.end is not None, (
        f"{STOP_SECONDS:.0f} s after {shutdown.signal_name} the container still ran."
    )
    bench.record(Evidence("time docker stop web", f"{shutdown.end.seconds or 0:.1f} s"))
    serves = shutdown.server is not None and shutdown.server.host_pid == shutdown.first.host_pid
    assert shutdown.answer.ok, (
        f"The container ended after {shutdown.end.seconds or 0:.1f} s with exit code "
        f"{shutdown.end.code}, but the request in flight was lost ({shutdown.answer.error}): "
        + ("the service ended " if serves else "something else ended, and the service was killed ")
        + "without finishing it."
    )


@pytest.mark.points(1)
@pytest.mark.needs("stops_on_sigterm")
@pytest.mark.expects("0, or 143 (128 + 15: ended by SIGTERM)")
@pytest.mark.hint(
    "Who decides the container's exit code? Its first process.",
    "A wrapper around the service must pass its exit code on.",
)
def test_exit_code_is_clean(shutdown: Shutdown, bench: Bench) -> None:
    """A stop that was asked for ends with exit code 0 or 143.

    Anything else looks like a crash: on-failure restarts it, and alerts go off.
    """
    code = shutdown.end.code if shutdown.end else None
    bench.record(Evidence(STOP, str(code)))
    assert code in (0, 143), f"The container ended with exit code {code}."


@pytest.mark.points(1)
@pytest.mark.needs("stops_on_sigterm")
@pytest.mark.expects("nothing beside the service and its init")
@pytest.mark.hint(
    "What else did the start-up leave running? docker top shows it.",
    "A background process (&) gets no signal and is killed when process 1 ends.",
)
def test_no_orphans(container: Container, shutdown: Shutdown) -> None:
    """When the service stops, nothing else is left running beside it.

    The kernel kills what remains when process 1 ends: without a signal, in the middle of a write.
    """
    container.show(shutdown.during, before="docker start web > /dev/null; ")
    server = shutdown.server.host_pid if shutdown.server else 0
    line = _line(server, shutdown.during) | {shutdown.first.host_pid}
    left = [process for process in shutdown.during if process.host_pid not in line]
    assert not left, f"While the service finished its request, {left[0].command_line!r} still " + (
        "lay there as a zombie." if left[0].state == "Z" else "ran and had got no signal."
    )


def _line(server: int, processes: tuple[Process, ...]) -> set[int]:
    """The service, which starts no others, and whoever is above it."""
    known = {process.host_pid: process for process in processes}
    line = {server}
    while server in known:
        server = known[server].parent
        line.add(server)
    return line
