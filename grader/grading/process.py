"""One grading, in the process that was forked for it: engine, session, pytest, clean-up.

What happens goes to the parent through a pipe. This process ends when its parent does; what it
leaves then is swept by the next command.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection

from grader.engine import client, location, patience
from grader.engine import session as sessions
from grader.exercise.project import DEBUG
from grader.grading import host, provenance, stock
from grader.grading.preparation import Preparation
from grader.grading.request import Ending, Request
from grader.probe.bench import Bench
from grader.probe.inspector.spare import Spare
from grader.store import results
from grader.verdict.event import Listener
from grader.verdict.outcome import EngineError, unforeseen
from grader.verdict.report import Evidence

_WITHOUT = (
    *("cacheprovider", "debugging", "doctest", "faulthandler", "junitxml", "legacypath", "logging"),
    *("pastebin", "setuponly", "setupplan", "stepwise", "subtests", "threadexception"),
    *("unittest", "unraisableexception"),
)
"""pytest's own plugins that judge nothing here: half of what it needs to start."""
_ARGUMENTS = (
    "-c",
    os.devnull,
    *(f"-pno:{plugin}" for plugin in _WITHOUT),
    "--noconftest",
    "--assert=plain",
    "--capture=no",
    "--import-mode=importlib",
    "--tb=long" if DEBUG in os.environ else "--tb=no",
)


def serve(pipe: Connection, request: Request) -> None:
    """Grade, send events and at last ``("done", Ending)`` or ``("error", sentence)``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    patience.hurry()
    location.use(request.engine)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sending = threading.Lock()

    def send(*message: object) -> None:
        with sending, contextlib.suppress(OSError):
            pipe.send(message)

    told = threading.Event()
    threading.Thread(target=_end_with_parent, args=(pipe, told), daemon=True).start()
    with _quiet():
        try:
            for outcome in grade(request, lambda event: send("event", event)):
                if isinstance(outcome, Ending):
                    told.set()
                    send("done", outcome)
                else:
                    stock.hand_over(pipe, outcome)
        except EngineError as error:
            send("error", str(error))
        except Exception as error:
            send("error", unforeseen(error))
            if DEBUG in os.environ:
                raise
    pipe.close()
    os._exit(0)


def grade(request: Request, send: Listener) -> Iterator[Ending | Spare]:
    """Run the checks, unless their verdicts are known; every verdict is an event. Yields the ending
    when the last one is known, cleans up after that, and yields what a stock takes back. Raises
    EngineError."""
    engine = client.connect(request.engine)
    ending = Ending(host.facts(engine), _key(request, engine) if request.results else "")
    if ending.key and not request.fresh:
        known = results.find(ending.key, request.results)
        if known:
            yield replace(ending, known=known)
            yield from request.loan.spares if request.loan else ()
            return
    with sessions.Session(engine, request.session) as session:
        begun = time.monotonic()
        evidence: list[Evidence] = []
        bench = Bench(
            engine,
            session,
            request.limits,
            evidence.append,
            request.exercise.sysctls,
            request.loan,
        )
        if request.exercise.containers:
            bench.expect_pod()
        preparation = Preparation(request.exercise, request.submission, bench, send)
        sweeping = threading.Thread(target=_sweep, args=(engine, request), daemon=True)
        sweeping.start()
        try:
            _run_checks(request, bench, preparation, evidence, preparation.listener(send))
            yield replace(ending, share=bench.watch.metronome.share(begun))
        finally:
            preparation.close()
            bench.close()
            sweeping.join()
    if request.loan:
        yield from bench.give_back()


def _key(request: Request, engine: client.Engine) -> str:
    private = b"".join(path.read_bytes() for path in request.checks[1:])
    return provenance.key(request.exercise, request.submission, host.dependencies(engine), private)


def _run_checks(
    request: Request,
    bench: Bench,
    preparation: Preparation,
    evidence: list[Evidence],
    send: Listener,
) -> None:
    """Import pytest only now: where it isn't loaded yet, the build and the pod start meanwhile."""
    import pytest

    from grader.grading.fixtures import Fixtures
    from grader.grading.plugin import Verdicts

    verdicts = Verdicts(request.submission, bench, evidence, send)
    fixtures = Fixtures(request.submission, preparation, bench, send)
    # Without it pytest lists every folder on the way from the root: seconds where one is large.
    cut = f"--confcutdir={request.checks[0].parent}"
    pytest.main([*_ARGUMENTS, cut, *map(str, request.checks)], plugins=[verdicts, fixtures])


def _sweep(engine: client.Engine, request: Request) -> None:
    if request.loan and not request.loan.sweeps:
        return
    with contextlib.suppress(EngineError):
        sessions.sweep(engine)


def _end_with_parent(pipe: Connection, told: threading.Event) -> None:
    """Nothing is ever received: reading returns when the parent is gone, or has heard it all."""
    with contextlib.suppress(EOFError, OSError):
        pipe.recv()
    if not told.is_set():
        os._exit(1)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """pytest's own output is nobody's business, unless an author debugs."""
    target = 2 if DEBUG in os.environ else os.open(os.devnull, os.O_WRONLY)
    os.dup2(target, 1)
    os.dup2(target, 2)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
    yield
