"""What probes report: frozen facts of processes, answers, states and logs. They never judge."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Process:
    """One process, from the kernel. ``uids`` and ``gids`` are real, effective, saved, fs."""

    host_pid: int
    pid: int
    parent: int
    name: str
    state: str
    command: tuple[str, ...]
    program: str
    uids: tuple[int, ...]
    gids: tuple[int, ...]
    groups: tuple[int, ...]
    cap_effective: int
    cap_permitted: int
    cap_bounding: int
    cap_inheritable: int
    no_new_privileges: bool
    signals_caught: int
    signals_ignored: int
    signals_blocked: int
    waits_for_signal: bool

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Process:
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
        }
        return cls(**values)

    @property
    def command_line(self) -> str:
        return " ".join(self.command)[:200]

    def awaits(self, number: signal.Signals) -> bool:
        """Whether the signal is taken by sigwait or a signalfd, as inits do. While a process waits
        in sigtimedwait the kernel shows the awaited signals as not blocked."""
        return self.waits_for_signal or bool(self.signals_blocked >> (number - 1) & 1)

    def catches(self, number: signal.Signals) -> bool:
        return bool(self.signals_caught >> (number - 1) & 1)


def own(processes: Sequence[Process]) -> tuple[Process, ...]:
    """The first process and what descends from it: without what docker exec runs, as it does for
    a health check, whose first moments are root's."""
    parents = {process.host_pid: process.parent for process in processes}
    first = {process.host_pid for process in processes if process.pid == 1}

    def descends(pid: int) -> bool:
        while pid in parents and pid not in first:
            pid = parents[pid]
        return pid in first

    return tuple(process for process in processes if descends(process.host_pid))


@dataclass(frozen=True)
class Response:
    """What an HTTP request came to. ``error`` is empty, ``refused``, ``closed`` (the connection
    ended without a whole answer), ``timeout`` or a sentence; ``seconds`` from sending on."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    error: str = ""

    @property
    def ok(self) -> bool:
        return not self.error and 200 <= self.status < 300

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON, or None when it isn't."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def __str__(self) -> str:
        return self.error or f"HTTP {self.status}: {self.text[:300]}"


@dataclass(frozen=True)
class State:
    """A container's state as the engine tells it. ``health`` is empty without a health check."""

    running: bool
    exit_code: int
    restarts: int
    error: str
    health: str
    pid: int


@dataclass(frozen=True)
class Exit:
    """How a container ended. ``seconds`` from the signal that it was sent, by the engine's own
    clock; ``None`` when none was sent."""

    code: int
    seconds: float | None


@dataclass(frozen=True)
class Ending:
    """How one process of a container ended, by the kernel's word. ``pid`` is its number in the
    container, ``signal`` what ended it (0 for nothing), ``oom_kills`` the OOM kills that its
    control group counted while it was watched; ``cpu_over``: its limit on CPU time was used up."""

    pid: int
    signal: int
    code: int
    oom_kills: int
    cpu_over: bool

    @property
    def is_oom(self) -> bool:
        """Whether the OOM killer ended it. The kernel has no other reason for a SIGKILL but CPU
        time, and in its own container a first process can't be sent one from inside."""
        return self.signal == signal.SIGKILL and self.oom_kills > 0 and not self.cpu_over


@dataclass(frozen=True)
class Logs:
    """What a container printed, line by line; order is kept within each stream only."""

    stdout: tuple[str, ...]
    stderr: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        return self.stdout + self.stderr


@dataclass(frozen=True)
class Usage:
    """A container's cgroup. Memory in bytes (``None``: no limit or not accounted), the CPU limit
    in CPUs."""

    memory_bytes: int | None
    memory_limit: int | None
    swap_limit: int | None
    oom_kills: int
    throttled_periods: int
    cpu_nanoseconds: int | None
    cpu_limit: float | None


@dataclass(frozen=True)
class Mount:
    """A mount as the container's processes see it, from the kernel."""

    place: str
    kind: str
    options: tuple[str, ...]

    @property
    def is_readonly(self) -> bool:
        return "ro" in self.options


@dataclass(frozen=True)
class HealthProbe:
    """One run of a health check: exit code and what it printed."""

    exit_code: int
    output: str
