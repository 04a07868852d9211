"""How the processes of a container end, by the kernel's own word: the observer attaches to them as
a debugger does, changes nothing, and looks once more at the moment of their end.

The engine's word isn't enough. With control groups of version 2 its ``oom`` event and OOMKilled are
lost when the group is gone before containerd looks (containerd/containerd#8893); and they tell of
any process of the container. A process that is held at its end (PTRACE_EVENT_EXIT, ptrace(2)) is
still a member of its group, so the group's own counter of OOM kills can be read. Needs
CAP_SYS_PTRACE. What is watched doesn't see it: its ``TracerPid`` is 0, from another pid namespace.
"""

import ctypes
import os
import re
import threading
from collections.abc import Callable
from typing import Any

SEIZE, CONT, LISTEN, DETACH, GETEVENTMSG = 0x4206, 7, 0x4208, 17, 0x4201
EVENT_STOP, EVENT_EXIT, TRACEEXIT, WALL = 128, 6, 0x40, 0x40000000
STOPPING = (19, 20, 21, 22)
"""SIGSTOP, SIGTSTP, SIGTTIN and SIGTTOU: after them a process stays stopped."""
MOST = 16
"""Processes of one container that are watched."""
SLACK_SECONDS = 0.5
"""What a process may lack of its limit on CPU time when the kernel ends it for that."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def _ptrace(request: int, pid: int, data: Any = 0) -> None:
    if _libc.ptrace(request, pid, None, data) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


class Witness:
    """Watches one process from a thread of its own, since only that thread may let it go on."""

    def __init__(self, pid: int, inner: int) -> None:
        """``pid`` is the process on the host, ``inner`` its number in the container. Returns when
        it is watched. Raises OSError where that isn't allowed."""
        self.ending: dict[str, Any] = {"pid": inner}
        self._pid = pid
        self._watched = threading.Event()
        self._fault: OSError | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        self._watched.wait()
        if self._fault:
            raise self._fault

    def wait(self) -> dict[str, Any]:
        """How it ended: ``signal`` that ended it (0 for none), its exit ``code``, the ``oom_kills``
        of its control group meanwhile, and whether its CPU time was used up (``cpu_over``)."""
        self._thread.join()
        return self.ending

    def _watch(self) -> None:
        try:
            counter = _counter(self._pid)
            before = _kills(counter)
            _ptrace(SEIZE, self._pid, TRACEEXIT)
        except OSError as fault:
            self._fault = fault
            return
        finally:
            self._watched.set()
        try:
            status = self._until_it_ends()
            self.ending["oom_kills"] = _kills(counter) - before
            self.ending["cpu_over"] = _cpu_is_over(self._pid)
            self.ending.update(signal=status & 0x7F, code=status >> 8 & 0xFF)
        finally:
            os.close(counter)
            self._let_go()

    def _until_it_ends(self) -> int:
        """Pass on every signal; returns the status that the process ends with, as wait(2) does."""
        while True:
            # Not to be reaped yet: until then nobody else is told that it ended.
            end = os.waitid(os.P_PID, self._pid, os.WEXITED | os.WSTOPPED | os.WNOWAIT | WALL)
            if end is None or end.si_code in (os.CLD_EXITED, os.CLD_KILLED, os.CLD_DUMPED):
                is_exit = end is None or end.si_code == os.CLD_EXITED
                status = end.si_status if end else 0
                return status << 8 if is_exit else status
            _, stop = os.waitpid(self._pid, WALL)
            event, signal = stop >> 16, os.WSTOPSIG(stop)
            if event == EVENT_EXIT:
                message = ctypes.c_ulong()
                _ptrace(GETEVENTMSG, self._pid, ctypes.addressof(message))
                return message.value
            if event == EVENT_STOP:
                _ptrace(LISTEN if signal in STOPPING else CONT, self._pid)
            else:
                _ptrace(CONT, self._pid, signal)

    def _let_go(self) -> None:
        try:
            _ptrace(DETACH, self._pid)
        except OSError:  # it has ended already: only now its parent hears of that
            os.waitpid(self._pid, WALL)


def _counter(pid: int) -> int:
    """An open file of the container's own control group that counts OOM kills. Raises OSError where
    there is none, or one that lies on a file system of the container's."""
    root = f"/proc/{pid}/root/sys/fs/cgroup"
    try:
        counter = os.open(f"{root}/memory.events", os.O_RDONLY)
    except FileNotFoundError:
        counter = os.open(f"{root}/memory/memory.oom_control", os.O_RDONLY)
    if not _is_of_the_kernel(counter, pid):
        os.close(counter)
        raise OSError("something is mounted over the container's control groups")
    return counter


def _is_of_the_kernel(counter: int, pid: int) -> bool:
    device = os.fstat(counter).st_dev
    wanted = f" {os.major(device)}:{os.minor(device)} "
    with open(f"/proc/{pid}/mountinfo") as mounts:
        return any(wanted in line and " - cgroup" in line for line in mounts)


def _kills(counter: int) -> int:
    found = re.search(rb"^oom_kill (\d+)$", os.pread(counter, 4096, 0), re.M)
    return int(found[1]) if found else 0


def _cpu_is_over(pid: int) -> bool:
    """Whether a limit on CPU time is used up, for which the kernel sends SIGKILL as well."""
    with open(f"/proc/{pid}/limits") as limits:
        hard = re.search(r"^Max cpu time +\S+ +(\d+)", limits.read(), re.M)
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return hard is not None and used + SLACK_SECONDS >= int(hard[1])


class Witnesses:
    """The operations: attach to all that a container runs, and hear later how it ended."""

    def __init__(self, processes: Callable[[str], list[dict[str, Any]]]) -> None:
        self._processes = processes
        self._watching: dict[str, list[Witness]] = {}

    def watch(self, container: str) -> int:
        """Watch the processes of ``container`` (its full id); how many there are."""
        found = []
        for process in self._processes(container)[:MOST]:
            try:
                found.append(Witness(process["host_pid"], process["pid"]))
            except ProcessLookupError:
                continue  # it ended meanwhile; anything else is a host that doesn't allow it
        self._watching[container] = found
        return len(found)

    def endings(self, container: str) -> list[dict[str, Any]]:
        """How each of them ended, the first process first; waits until all have."""
        return [witness.wait() for witness in self._watching.pop(container, [])]
