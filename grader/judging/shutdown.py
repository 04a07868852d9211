"""One stop of a service with a request in flight: whether it hears the signal and finishes."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.verdict.facts import Exit, Process, Response
from grader.verdict.report import Evidence

SLOW_SECONDS = 1.0
TIMES = 3
"""As long is the request on a busy machine, where a look takes its time."""
LOOK_SECONDS = 0.4
"""After the signal, while the request is still in flight."""
STOP_SECONDS = 5.0
"""Well inside docker stop's ten seconds; the request in flight takes a tenth of that."""
GRACE_SECONDS = 10
INITS = frozenset({"tini", "tini-static", "docker-init", "dumb-init", "catatonit", "s6-svscan"})


@dataclass(frozen=True)
class Shutdown:
    """What ran before and during the stop, what became of the request, and how it ended.

    ``server`` is the process that answers requests; the end was awaited for ``waited`` seconds.
    What ran ``during`` the stop is only looked at where the engine has no part in it.
    """

    before: tuple[Process, ...]
    server: Process | None
    during: tuple[Process, ...]
    answer: Response
    end: Exit | None
    signal_name: str
    is_deaf: bool
    waited: float

    @property
    def first(self) -> Process:
        return self.before[0]


def observe(
    container: Container,
    signal_name: str,
    *,
    server: int = 1,
    stop: Callable[[], object] | None = None,
    busy: float = SLOW_SECONDS,
    seconds: float = STOP_SECONDS,
) -> Shutdown:
    """Stop the container as `docker stop` begins to, while a request to /slow is in flight.

    ``server`` is the pid that answers requests (0: none does), ``stop`` another way to send the
    signal, ``busy`` the seconds that the request takes. The end is waited for ``seconds``, unless
    process 1 is deaf and it can't come.
    """
    before = container.processes()
    deaf = is_deaf(before[0], signal_name)
    if not stop and (fair := container.stretched(busy)) > busy:
        busy = TIMES * fair
    answer = container.send(f"/slow?seconds={busy:g}", receipt=False)
    container.await_accepted()
    if not stop:
        container.signal(signal_name)
    elif not deaf:
        stop()
    during = () if deaf or stop else container.remaining(LOOK_SECONDS)
    response = answer()
    end = None if deaf else container.wait_exit(seconds)
    by_pid = {process.pid: process for process in before}
    return Shutdown(before, by_pid.get(server), during, response, end, signal_name, deaf, seconds)


def is_kill(name: str) -> bool:
    """Whether a stop signal is the one that nobody can handle."""
    return name in ("SIGKILL", "KILL", "9")


def is_deaf(first: Process, name: str) -> bool:
    """The kernel drops signals for process 1 that it has no handler for; SIGKILL excepted."""
    try:
        number = signal.Signals[name] if not name.isdigit() else signal.Signals(int(name))
    except (KeyError, ValueError):
        return False
    takes_it = first.name in INITS or number == signal.SIGKILL
    return not takes_it and not first.catches(number) and not first.awaits(number)


def assert_stops(shutdown: Shutdown, container: Container, bench: Bench) -> None:
    """The service ends by itself when it is asked to, and answers the request in flight first."""
    container.show_signals(shutdown.first)
    assert not shutdown.is_deaf, (
        f"Process 1 ({shutdown.first.command_line!r}) has no handler for {shutdown.signal_name}, "
        f"and the kernel then drops it for process 1: docker stop would wait {GRACE_SECONDS} s and "
        "kill it."
    )
    assert not is_kill(shutdown.signal_name), (
        "STOPSIGNAL SIGKILL ends the service without a chance to finish anything."
    )
    assert shutdown.end is not None, (
        f"{shutdown.waited:.0f} s after {shutdown.signal_name} the container still ran."
    )
    bench.record(Evidence("time docker stop web", f"{shutdown.end.seconds or 0:.1f} s", told=True))
    serves = shutdown.server is not None and shutdown.server.host_pid == shutdown.first.host_pid
    assert shutdown.answer.ok, (
        f"The container ended after {shutdown.end.seconds or 0:.1f} s with exit code "
        f"{shutdown.end.code}, but the request in flight was lost ({shutdown.answer.error}): "
        + ("the service ended " if serves else "something else ended, and the service was killed ")
        + "without finishing it."
    )


def assert_clean(shutdown: Shutdown) -> None:
    """The exit code is that of a service that was asked to stop: 0, or 128 and SIGTERM."""
    code = shutdown.end.code if shutdown.end else None
    assert code in (0, 143), (
        f"The request was answered, but the service ended with exit code {code}."
    )
