"""A user without rights, where the tests themselves may run as root."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

NOBODY = 65534


def opened(path: Path) -> None:
    """Let everybody into the folders above ``path`` that are ours: pytest's are its user's only."""
    for folder in list(path.parents)[:-2]:
        if folder.stat().st_uid == os.getuid():
            folder.chmod(folder.stat().st_mode | 0o011)


def as_somebody(look: Callable[[], str]) -> str:
    """What ``look`` returns in a process of a user without rights."""
    ours, theirs = os.pipe()
    if not (process := os.fork()):
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.write(theirs, look().encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as said:
        text = said.read()
    os.waitpid(process, 0)
    return text
