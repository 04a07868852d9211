"""An inspector between two gradings: its container runs on, and its stream waits for the next
process."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from grader.engine import location
from grader.engine.bases import inspector_tag

Role = Literal["pod", "observer", "collector"]
Kind = tuple[str, str, Role, tuple[tuple[str, str], ...]]

LONGEST_SECONDS = 1800.0
"""How old an inspector may be that is used again: others may take what is older than an hour for
abandoned, see ``session.sweep``."""


def kind_of(role: Role, sysctls: Mapping[str, str]) -> Kind:
    """What makes two inspectors the same: engine, program, role and network settings."""
    return location.address(), inspector_tag(), role, tuple(sorted(sysctls.items()))


@dataclass(frozen=True)
class Spare:
    """``container`` is its id, ``stream`` the raw stream of its stdin and stdout, ``born`` when it
    was started (seconds, of this machine's monotonic clock)."""

    kind: Kind
    container: str
    stream: socket.socket
    born: float

    @property
    def is_young(self) -> bool:
        return time.monotonic() - self.born < LONGEST_SECONDS


@dataclass(frozen=True)
class Loan:
    """What a grading is given by a stock: the session that whatever comes back belongs to, and
    inspectors to use again. The first loan of a stock comes with the duty to sweep what dead
    sessions have left behind."""

    session: str
    spares: tuple[Spare, ...] = ()
    sweeps: bool = False

    def handed_over(self) -> None:
        """Let go of the streams here: another process has them."""
        for spare in self.spares:
            spare.stream.close()
