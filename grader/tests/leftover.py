"""What of ours exists on the engine: for tests that nothing is left behind."""

from __future__ import annotations

import time

from grader.engine.client import connect
from grader.engine.lock import LABEL, alive

MOMENT_SECONDS = 3.0
"""What a killed grading's caller may take to remove what it left."""


def abandoned() -> list[str]:
    """ "kind id" of what carries the label of a session whose grader is no longer there (others may
    be grading beside us, and what one of them removes within moments isn't abandoned)."""
    deadline = time.monotonic() + MOMENT_SECONDS
    while True:
        dead = {
            f"{kind} {identity}"
            for kind, identity, labels in connect().labelled(LABEL)
            if not alive(labels[LABEL])
        }
        if not dead or time.monotonic() > deadline:
            return sorted(dead)
        time.sleep(0.2)
