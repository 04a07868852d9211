"""Ctrl-C as a message.

A KeyboardInterrupt can come while the main thread holds a future's lock (concurrent.futures takes
it in Python code). The lock then stays taken, and the thread that sets the future's result waits
for it for ever.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def as_message(tell: Callable[[], None]) -> Iterator[None]:
    """Inside, the first Ctrl-C calls ``tell``, which has to be reentrant; a second one is what it
    was before. Where Ctrl-C isn't ours (another thread, ignored) nothing changes."""
    before = signal.getsignal(signal.SIGINT)
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or before in (None, signal.SIG_IGN):
        yield
        return

    def first(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        tell()

    signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
