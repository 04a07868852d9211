"""What of ours exists on the engine: for tests that nothing is left behind."""

from __future__ import annotations

from grader.engine import connect
from grader.session import LABEL, alive


def present() -> set[str]:
    """ "kind id" of everything that carries a session's label, whoever uses it."""
    return {f"{kind} {identity}" for kind, identity, _ in connect().labelled(LABEL)}


def abandoned() -> list[str]:
    """The same of sessions whose grader is no longer there (others may be grading beside us, and
    what one of them has removed since the first look isn't abandoned)."""
    dead = {
        f"{kind} {identity}"
        for kind, identity, labels in connect().labelled(LABEL)
        if not alive(labels[LABEL])
    }
    return sorted(dead & present()) if dead else []
