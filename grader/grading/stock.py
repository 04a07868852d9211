"""Inspectors kept between the gradings of one process, for whoever grades many submissions.

Starting one costs as much as starting a student's container. A grading hands its own back when
nothing of it is left in them (see ``Inspector.retire``); the next one may use them again. This
module's process imports no docker for it: the containers' streams go to and fro as file
descriptors.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import sys
import threading
from collections import defaultdict
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle, send_handle
from typing import Self

from grader.engine import lock
from grader.exercise.catalog import Exercise
from grader.probe.inspector.spare import Kind, Loan, Role, Spare, kind_of
from grader.verdict.outcome import EngineError

MOST = 8
"""Spares of one kind; those beyond end."""


class Stock:
    """Use as a context manager: leaving ends what is left of it. Safe to use from several
    threads."""

    def __init__(self) -> None:
        self.session = lock.new_id()
        self._lock: lock.Lock | None = None
        self._changing = threading.Lock()
        self._spares: dict[Kind, list[Spare]] = defaultdict(list)
        self._pipes: list[Connection] = []

    def lend(self, exercise: Exercise) -> Loan | None:
        """What there is for a grading of ``exercise``. None where a descriptor can't be sent
        without its receiver waiting (macOS)."""
        if sys.platform != "linux":
            return None
        roles: tuple[Role, ...] = ("pod", "observer") if exercise.containers else ()
        with self._changing:
            is_first = self._lock is None
            self._lock = self._lock or lock.Lock(self.session)
            self._collect()
            found = []
            for role in roles:
                spares = self._spares[kind_of(role, exercise.sysctls if role == "pod" else {})]
                while spares:
                    spare = spares.pop()
                    if spare.is_young:
                        found.append(spare)
                        break
                    spare.stream.close()
            return Loan(self.session, tuple(found), sweeps=is_first)

    def expect(self, pipe: Connection) -> None:
        """Take back what a grading sends through ``pipe`` when it has cleaned up."""
        with self._changing:
            self._pipes.append(pipe)

    def _collect(self) -> None:
        """Receive what has come back, without waiting."""
        open_pipes = []
        for pipe in self._pipes:
            if self._receive(pipe):
                open_pipes.append(pipe)
            else:
                pipe.close()
        self._pipes = open_pipes

    def _receive(self, pipe: Connection) -> bool:
        """Whether more may come through a pipe."""
        try:
            while pipe.poll():
                said, content = pipe.recv()
                if said != "spare":
                    continue
                of, container, born = content
                stream = socket.socket(fileno=recv_handle(pipe))
                if len(self._spares[of]) < MOST:
                    self._spares[of].append(Spare(of, container, stream, born))
                else:
                    stream.close()
        except (EOFError, OSError):
            return False
        return True

    def close(self) -> None:
        """End all of it; no grading of this stock runs any more."""
        with self._changing:
            self._collect()
            for pipe in self._pipes:
                pipe.close()
            for spare in itertools.chain(*self._spares.values()):
                spare.stream.close()
            self._pipes.clear()
            self._spares.clear()
        if self._lock:
            from grader.engine.client import connect
            from grader.engine.session import remove

            with contextlib.suppress(EngineError):
                remove(connect(), self.session)
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def hand_over(pipe: Connection, spare: Spare) -> None:
    """Send a spare to the stock at the other end. Raises OSError when there is none any more."""
    pipe.send(("spare", (spare.kind, spare.container, spare.born)))
    send_handle(pipe, spare.stream.fileno(), None)
