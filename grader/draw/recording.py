"""Looks at a container while a cell does something with it: events, memory, probes, requests.

A recording only looks; what happens to the container is the cell's business and can be read
there. It takes a container of the ``docker`` SDK and asks for nothing that a person could not.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import requests

from grader.draw.measured import EngineEvent, Mark, Probe, Request, Sample

INTERVAL = 0.05
"""Seconds between two looks. ``docker stats`` itself shows one a second."""


class Container(Protocol):
    """What is needed of the SDK's container."""

    id: str
    client: Any


class Recording:
    """What was seen so far. The lists grow until the ``with`` block ends."""

    def __init__(self, container: Container) -> None:
        self._api = container.client.api
        self._id = container.id
        self._events: dict[tuple[int, str], EngineEvent] = {}
        self._probes: dict[float, Probe] = {}
        self._threads: list[threading.Thread] = []
        self._done = threading.Event()
        self.memory: list[Sample] = []
        self.requests: list[Request] = []
        self.marks: list[Mark] = []
        self.began = time.time()
        self.ended: float | None = None

    @property
    def events(self) -> list[EngineEvent]:
        """The container's events in their order, without those of the probes."""
        seen = sorted(self._events.values(), key=lambda event: event.at)
        return [event for event in seen if not event.action.startswith("exec_")]

    @property
    def probes(self) -> list[Probe]:
        return [self._probes[begin] for begin in sorted(self._probes)]

    @property
    def health(self) -> str:
        """The newest health status that the engine told of, "starting" before the first."""
        told = [e.action for e in self.events if e.action.startswith("health_status")]
        return told[-1].rpartition(" ")[2] if told else "starting"

    def mark(self, text: str) -> None:
        """Note that something is done at this moment."""
        self.marks.append(Mark(time.time(), text))

    def beside(self, text: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Make a request beside what the cell goes on to do; its fate ends up in ``requests``.
        The end of the ``with`` block waits for it."""

        def run() -> None:
            begin = time.time()
            outcome, ok = _outcome(call, *args, **kwargs)
            self.requests.append(Request(text, begin, time.time(), outcome, ok))
            self.requests.sort(key=lambda request: request.begin)

        self._start(run)

    def wait(self, condition: Callable[[Recording], Any], seconds: float) -> bool:
        """Whether ``condition`` became true within ``seconds``; looked at with each sample."""
        deadline = time.monotonic() + seconds
        while not condition(self):
            if time.monotonic() > deadline:
                return False
            time.sleep(INTERVAL)
        return True

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _note(self, event: dict[str, Any]) -> None:
        self._events[event["timeNano"], event["Action"]] = EngineEvent.of(event)

    def _sample(self) -> None:
        while not self._done.is_set():
            self._look()
            self._done.wait(INTERVAL)
        self._look()

    def _look(self) -> None:
        # A container that is gone, or an engine that is busy, makes a gap and nothing else.
        with contextlib.suppress(Exception):
            state = self._api.inspect_container(self._id)["State"]
            for entry in (state.get("Health") or {}).get("Log") or ():
                probe = Probe.of(entry)
                self._probes[probe.begin] = probe
            if state["Running"]:
                stats = self._api.stats(self._id, stream=False, one_shot=True)
                if used := memory_used(stats):
                    self.memory.append(Sample(time.time(), used))


@contextlib.contextmanager
def recording(container: Container) -> Iterator[Recording]:
    """Record a container of the ``docker`` SDK while the ``with`` block runs.

    Events since the container was made are included, so the start is there too.
    """
    seen = Recording(container)
    api, filters = container.client.api, {"container": container.id}
    # docker-py's stubs know whole seconds only; the engine reads fractions as well.
    stream = api.events(decode=True, filters=filters, since=_moment(seen.began - 60))

    def listen() -> None:
        with contextlib.suppress(Exception):
            for event in stream:
                seen._note(event)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    sampler = threading.Thread(target=seen._sample, daemon=True)
    sampler.start()
    try:
        yield seen
    finally:
        for thread in seen._threads:
            thread.join()
        seen._done.set()
        sampler.join()
        seen.ended = time.time()
        # What the stream has not delivered yet is asked for, so that the last event is there.
        with contextlib.suppress(Exception):
            since, until = _moment(seen.began - 60), _moment(seen.ended)
            for event in api.events(decode=True, filters=filters, since=since, until=until):
                seen._note(event)
        stream.close()
        listener.join(5)


def memory_used(stats: dict[str, Any]) -> int:
    """Bytes as ``docker stats`` counts them: without the file cache that can be dropped."""
    memory = stats.get("memory_stats") or {}
    details = memory.get("stats") or {}
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    return max(0, int(memory.get("usage") or 0) - int(cache))


def _moment(seconds: float) -> str:
    return f"{seconds:.6f}"


def _outcome(call: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[str, bool]:
    try:
        answer = call(*args, **kwargs)
    except requests.Timeout:
        return "no answer in time", False
    except requests.ConnectionError as error:
        refused = "refused" in str(error)
        return ("refused" if refused else "connection lost"), False
    if isinstance(answer, requests.Response):
        return f"answered: {answer.status_code}", answer.ok
    return "done", True
