"""Exercise signal_delivery: the signal that `docker stop` sends reaches the service."""

from __future__ import annotations

import pytest

from grader.engine.image import Image
from grader.judging import shutdown as shutdowns
from grader.judging.shutdown import INITS, Shutdown
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.verdict.facts import Process
from grader.verdict.outcome import MachineTooBusy
from grader.verdict.report import Evidence

pytestmark = [pytest.mark.exercise("signal_delivery"), pytest.mark.observed]

STOP = "docker stop web && docker inspect -f '{{.State.ExitCode}}' web"


@pytest.fixture(scope="module")
def shutdown(container: Container, image: Image) -> Shutdown:
    """Stop the container as `docker stop` begins to, while a request is in flight."""
    served_by = (container.get("/whoami").json() or {}).get("pid")
    return shutdowns.observe(container, image.stop_signal, server=served_by or 0)


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
    shutdowns.assert_stops(shutdown, container, bench)


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
    if not shutdown.during:
        raise MachineTooBusy("the service had ended before its processes could be looked at")
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
