"""The warm parent: a process that has imported pytest and docker-py once, so that a grading,
forked from it, starts in milliseconds. It is multiprocessing's forkserver."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from multiprocessing.context import ForkServerContext
from typing import Any

_PRELOADED = [*(f"grader.grading.{name}" for name in ("process", "fixtures", "plugin")), "pytest"]


def context() -> ForkServerContext:
    """What makes processes that are forked from the warm parent, once it is started."""
    return multiprocessing.get_context("forkserver")


def start() -> None:
    """Start the warm parent unless it runs; returns at once.

    Ctrl-C goes to all processes of a terminal and an interrupt to all of a kernel. It isn't for
    this one, which would show a traceback while it imports: there it is blocked.
    """
    from multiprocessing import forkserver, resource_tracker

    context().set_forkserver_preload(_PRELOADED)
    resource_tracker.ensure_running()  # it unblocks the signal once it has started
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def stop() -> None:
    """End the warm parent, unless a process forked from it still runs.

    For a kernel's end: ipykernel gives its children many seconds, and multiprocessing's resource
    tracker ends with its parents only. multiprocessing itself has no public way to do this.
    """
    from multiprocessing import forkserver, resource_tracker

    if multiprocessing.active_children():
        return
    parent: Any = forkserver._forkserver
    tracker: Any = resource_tracker._resource_tracker
    with contextlib.suppress(AttributeError, OSError):
        if parent._forkserver_pid:
            os.kill(parent._forkserver_pid, signal.SIGTERM)  # it may be importing still
        parent._stop()
        tracker._stop()
