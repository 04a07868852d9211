"""What a person sees while a grading runs: one display that is updated and then gone.

Listens to the runner's events; a ticker keeps the seconds going between them. Knows nothing of
what is graded.
"""

from __future__ import annotations

import threading
import time
from contextvars import copy_context
from html import escape
from types import TracebackType
from typing import Self

from IPython.display import DisplayHandle, display

from grader.notebook import picture
from grader.verdict.event import Event
from grader.verdict.report import CheckResult
from grader.verdict.text import clean

INTERVAL = 0.2
"""Seconds between two updates at the most frequent: a browser has other things to do."""
TICK = 1.0
"""Seconds between updates when nothing happens but time."""


class LiveProgress:
    """A context manager; ``listen`` is the runner's listener while it is entered."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._phase = "Starting"
        self._output = ""
        self._checks: list[CheckResult] = []
        self._start = time.monotonic()
        self._shown = 0.0
        self._handle: DisplayHandle | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._start = time.monotonic()
        self._handle = display(self._bundle(), raw=True, display_id=True)
        # The ticker needs this cell's context, or its updates go to no cell at all.
        self._ticker = threading.Thread(target=copy_context().run, args=(self._tick,), daemon=True)
        self._ticker.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._ticker.join()
        self._update({"text/plain": "", "text/html": ""})

    def listen(self, event: Event) -> None:
        """Take in one event; show it unless something was shown a moment ago."""
        with self._lock:
            if event.kind == "phase":
                self._phase, self._output = event.text, ""
            elif event.kind == "output":
                self._output = event.text
            elif event.check:
                self._checks.append(event.check)
            due = time.monotonic() - self._shown >= INTERVAL
        if due:
            self._refresh()

    def _tick(self) -> None:
        while not self._over.wait(TICK):
            self._refresh()

    def _refresh(self) -> None:
        with self._lock:
            self._shown = time.monotonic()
            bundle = self._bundle()
        self._update(bundle)

    def _update(self, bundle: dict[str, str]) -> None:
        if self._handle:
            self._handle.update(bundle, raw=True)

    def _bundle(self) -> dict[str, str]:
        seconds = time.monotonic() - self._start
        phase = clean(self._phase)[:200]
        rows = "".join(
            f'<div style="padding: 2px 0">{picture.icon(check.status)} '
            f"{picture.WORD[check.status]}: {escape(clean(check.title)[:200])}</div>"
            for check in self._checks
        )
        output = escape(clean(self._output)[:160])
        line = f'<div style="opacity: .8; font-size: 88%"><code>{output}</code></div>'
        html = (
            '<div role="status" aria-busy="true" style="border-left: 4px solid #0969da; '
            'padding: 6px 14px; max-width: 860px">'
            f"<div><strong>{escape(clean(self._title)[:200])}</strong>: {escape(phase)} "
            f"· {seconds:.0f} s</div>"
            '<progress style="width: 100%; height: 8px" title="grading">grading</progress>'
            f"{line if output else ''}{rows}</div>"
        )
        return {"text/plain": f"{clean(self._title)}: {phase}, {seconds:.0f} s", "text/html": html}
