"""The process that grades, as its caller sees it: forked from a warm parent or, for a command that
grades once, before it is known what to grade; and ended where it must be.

This module imports neither pytest nor docker-py, and knows nothing of verdicts.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING

from grader.grading import warm

if TYPE_CHECKING:
    from grader.grading.request import Request

PROCESS_NAME = "drydock-grading"
_CAN_FORK = sys.platform == "linux"
"""macOS's own libraries don't survive a fork."""


class Early:
    """A grading process that is started before it is known what to grade.

    For a command that grades once: it imports what it needs while the command line is still being
    read. Where forking isn't safe it stays unused.
    """

    def __init__(self) -> None:
        self.pipe: Connection | None = None
        if _CAN_FORK:
            context = multiprocessing.get_context("fork")
            self.pipe, theirs = context.Pipe()
            self.process = context.Process(
                target=_wait_for_work, args=(self.pipe, theirs), name=PROCESS_NAME, daemon=True
            )
            self.process.start()
            theirs.close()

    def take(self, request: Request) -> tuple[BaseProcess, Connection]:
        """Hand over the request; the process and the pipe that its events come through."""
        if self.pipe is None:
            return begin(request)
        self.pipe.send(request)
        return self.process, self.pipe


def begin(request: Request) -> tuple[BaseProcess, Connection]:
    """Fork a process for a request from the warm parent; it and the pipe that its events come
    through."""
    warm.start()
    context = warm.context()
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, request), name=PROCESS_NAME)
    process.start()
    theirs.close()
    return process, ours


def end(process: BaseProcess, session: str) -> None:
    """End a grading and remove what it left; where that fails, the next command tries again."""
    from grader.engine.client import connect
    from grader.engine.session import remove
    from grader.verdict.outcome import EngineError

    process.kill()
    process.join()
    with contextlib.suppress(EngineError):
        remove(connect(), session)


def _wait_for_work(ours: Connection, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ours.close()
    from grader.grading import process as grading

    with contextlib.suppress(EOFError):
        grading.serve(pipe, pipe.recv())


def _work(pipe: Connection, request: Request) -> None:
    from grader.grading import process as grading

    grading.serve(pipe, request)
