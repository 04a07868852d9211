"""What of ours exists on the engine: for tests that nothing is left behind."""

from __future__ import annotations

from grader.engine import connect
from grader.session import LABEL


def labelled(session: str = "") -> list[str]:
    """"kind id" of everything that carries a session's label (any session's without one)."""
    wanted = f"{LABEL}={session}" if session else LABEL
    return [f"{kind} {identity}" for kind, identity, _ in connect().labelled(wanted)]
