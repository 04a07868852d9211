"""The bench of one grading: the session with its pod and observer, and where evidence goes.

The pod and the observer start in the background, while an image is still being built; an exercise
without containers has neither. A stock may have lent them, and takes them back.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import MappingProxyType
from typing import Protocol, TypeVar

from grader.engine.client import Engine
from grader.engine.lock import LABEL
from grader.engine.sandbox import Limits
from grader.engine.session import Session
from grader.engine.watch import Watch
from grader.probe.inspector.client import Inspector
from grader.probe.inspector.spare import Loan, Role, Spare, kind_of
from grader.verdict.outcome import EngineError
from grader.verdict.report import Evidence

T = TypeVar("T")
Recorder = Callable[[Evidence], None]


class Occupant(Protocol):
    """Who has the pod's port: a container, or whatever else makes room for the next one."""

    def remove(self) -> None: ...


class Bench:
    """What probes need to look at containers. One per grading."""

    def __init__(
        self,
        engine: Engine,
        session: Session,
        limits: Limits,
        record: Recorder,
        sysctls: Mapping[str, str] = MappingProxyType({}),
        loan: Loan | None = None,
    ) -> None:
        self.engine = engine
        self.session = session
        self.limits = limits
        self.record = record
        self.watch = Watch(engine, f"{LABEL}={session.id}")
        self._sysctls = sysctls
        self._loan = loan
        self._lent = {spare.kind: spare for spare in loan.spares} if loan else {}
        self._inspectors: list[Inspector] = []
        self._is_plain = True
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="bench")
        self._occupant: Occupant | None = None

    def _start(self, role: Role, sysctls: Mapping[str, str] = MappingProxyType({})) -> Inspector:
        if lent := self._lent.pop(kind_of(role, sysctls), None):
            inspector = Inspector(self.watch, lent)
            if inspector.is_idle():
                self._inspectors.append(inspector)
                return inspector
            inspector.close()
        owner = self._loan.session if self._loan else self.session.id
        inspector = Inspector.start(self.engine, self.watch, owner, role, sysctls)
        self._inspectors.append(inspector)
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

    def occupy(self, occupant: Occupant, *, is_plain: bool) -> None:
        """Make room in the pod: one container at a time has its port. One that isn't ``is_plain``
        has capabilities with which it could change the pod's network for whoever comes next."""
        self._is_plain &= is_plain
        if self._occupant is not None:
            self._occupant.remove()
        self._occupant = occupant

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
        """End the pod and the observer, unless a stock gets them; the session removes the rest."""
        self._pool.shutdown(wait=True)
        if not self._loan:
            for inspector in self._inspectors:
                self.session.owns(inspector.id)
                inspector.close()

    def give_back(self) -> Iterator[Spare]:
        """What goes to the stock, once the session is closed. A pod that wasn't used as other
        containers use it ends instead."""
        yield from self._lent.values()
        for inspector in self._inspectors:
            if spare := inspector.retire(keep=self._is_plain):
                yield spare
            else:
                self.engine.remove(inspector.id)
