"""Limits for the RUN steps of a build: a control group that BuildKit starts them in.

BuildKit itself limits neither memory nor processes. Where this process may make control groups on
the engine's own machine (root, the engine's socket is local, driver cgroupfs), each build gets one
of a few *slots*, so that a fork bomb hurts no neighbour. The slots' names are few and fixed
because BuildKit's cache takes the group's name into its keys (seen on Engine 26.1). Elsewhere a
build has its deadline only, and the report says so.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from grader.engine import location
from grader.engine.sandbox import MIB

SLOTS = 16
MEMORY_BYTES = 2048 * MIB
PIDS = 512
_ROOT = Path("/sys/fs/cgroup")
_NAME = "drydock-builds"
_V1 = {
    "memory/memory.limit_in_bytes": MEMORY_BYTES,
    "memory/memory.memsw.limit_in_bytes": MEMORY_BYTES,
    "pids/pids.max": PIDS,
}
_V2 = {"memory.max": MEMORY_BYTES, "memory.swap.max": 0, "pids.max": PIDS}


def available(driver: str) -> bool:
    """Whether builds can be limited; ``driver`` is the engine's cgroup driver."""
    return os.geteuid() == 0 and driver == "cgroupfs" and bool(location.find().socket)


@contextlib.contextmanager
def slot(driver: str, name: str | None = None) -> Iterator[str]:
    """The name of a control group with limits that is ours for one build; empty when none is to
    be had. ``name`` asks for that one again, and waits for it: a build in another group finds
    nothing in the cache."""
    if name == "" or not available(driver):
        yield ""
        return
    with contextlib.ExitStack() as stack:
        held = ""
        for number in range(SLOTS):
            candidate = f"{_NAME}/slot-{number}"
            if name not in (None, candidate):
                continue
            path = Path(tempfile.gettempdir()) / f"drydock-build-slot-{number}"
            lock = stack.enter_context(
                os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600), "w")
            )
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if name else fcntl.LOCK_NB))
                held = candidate
                break
        yield held if held and _limited(held) else ""


def _limited(name: str) -> bool:
    """Make the control group and set its limits; False where the host refuses."""
    try:
        if (_ROOT / "cgroup.controllers").exists():
            _make(_ROOT, name)
            for folder in (_ROOT, (_ROOT / name).parent):
                (folder / "cgroup.subtree_control").write_text("+memory +pids")
            _write(_ROOT / name, _V2)
        else:
            for controller in ("memory", "pids"):
                _make(_ROOT / controller, name)
            for key, value in _V1.items():
                controller, _, file = key.partition("/")
                _write(_ROOT / controller / name, {file: value})
    except OSError:
        return False
    return True


def _make(root: Path, name: str) -> None:
    (root / name).mkdir(parents=True, exist_ok=True)


def _write(folder: Path, values: dict[str, int]) -> None:
    for file, value in values.items():
        path = folder / file
        is_optional = "swap" in file or "memsw" in file
        if path.exists() or not is_optional:
            path.write_text(str(value))
