"""The bench of one grading: the session with its pod and observer, and where evidence goes.

The pod and the observer start in the background, while an image is still being built; an exercise
without containers has neither.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from grader.engine import Engine
from grader.inspector.client import Inspector, Role
from grader.outcome import EngineError
from grader.report import Evidence
from grader.sandbox import Limits
from grader.session import LABEL, Session
from grader.watch import Watch

if TYPE_CHECKING:
    from grader.container import Container

T = TypeVar("T")
Recorder = Callable[[Evidence], None]


class Bench:
    """What probes need to look at containers. One per grading."""

    def __init__(
        self,
        engine: Engine,
        session: Session,
        limits: Limits,
        record: Recorder,
        sysctls: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.engine = engine
        self.session = session
        self.limits = limits
        self.record = record
        self.watch = Watch(engine, f"{LABEL}={session.id}")
        self._sysctls = sysctls
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="bench")
        self._occupant: Container | None = None

    def _start(self, role: Role, sysctls: Mapping[str, str] = MappingProxyType({})) -> Inspector:
        inspector = Inspector(self.session, self.watch, role, sysctls)
        inspector.wait_ready()
        return inspector

    @functools.cached_property
    def _pod(self) -> Future[Inspector]:
        return self._pool.submit(self._start, "pod", self._sysctls)

    def expect_pod(self) -> None:
        """Start the pod in the background: a container will be run."""
        _ = self._pod

    @property
    def pod(self) -> Inspector:
        """The network namespace that student containers join. Raises EngineError."""
        return self._pod.result()

    @functools.cached_property
    def _observer(self) -> Callable[[], Inspector]:
        return self._pool.submit(self._start, "observer").result

    def expect_observer(self) -> None:
        """Start the observer in the background: it will be asked."""
        _ = self._observer

    @property
    def observer(self) -> Inspector:
        """The inspector in the host's pid namespace. Raises EngineError."""
        return self._observer()

    def occupy(self, container: Container) -> None:
        """Make room in the pod: one container at a time has its port."""
        if self._occupant is not None:
            self._occupant.remove()
        self._occupant = container

    def later(self, call: Callable[[], object]) -> None:
        """Do something that nobody waits for (removing a container) beside the next check."""
        self._pool.submit(call)

    def beside(self, call: Callable[[], T]) -> Callable[[], T]:
        """Do something in the background; calling the result waits for it, and returns or raises
        what it came to."""
        return self._pool.submit(call).result

    def verify(self) -> None:
        """Make sure that the engine is the one we started on and still there, before a learner
        is blamed. Raises EngineError."""
        self.engine.ping()
        pod: Future[Inspector] | None = self.__dict__.get("_pod")
        inspector_gone = pod and pod.done() and not pod.exception() and pod.result().gone
        if self.watch.lost or inspector_gone:
            raise EngineError(
                "The Docker Engine was restarted in the middle. Nothing was scored; try again."
            )

    def close(self) -> None:
        """End the pod and the observer; the session removes the rest."""
        with contextlib.suppress(Exception):
            if "_observer" in self.__dict__:
                self.observer.close()
            if "_pod" in self.__dict__:
                self.pod.close()
        self._pool.shutdown(wait=True)
