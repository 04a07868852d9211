"""What the inspector reads from the host's /proc: facts of a container that no program in it can
forge. It never talks to student code."""

import base64
import importlib
import os
import re
import stat
import sys
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

witness = importlib.import_module("witness")

MAX_FILE = 1 << 20
MAX_PROCESSES = 1000


def processes(container: str) -> list[dict[str, Any]]:
    """Every process in the cgroup of ``container`` (its full id), the oldest first."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/cgroup") as groups:
                if container not in groups.read():
                    continue
            found.append(_process(int(entry)))
        except OSError:
            continue
        if len(found) >= MAX_PROCESSES:
            break
    return sorted(found, key=lambda process: process["pid"])


def _process(pid: int) -> dict[str, Any]:
    with open(f"/proc/{pid}/status", errors="replace") as status:
        rows = [line.partition(":") for line in status]
    fields = {key: value.strip() for key, _, value in rows}
    with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
        command = cmdline.read(65536).decode("utf-8", "replace").rstrip("\0").split("\0")
    try:
        program = os.readlink(f"/proc/{pid}/exe")
    except OSError:
        program = ""

    def numbers(name: str) -> list[int]:
        return [int(word) for word in fields.get(name, "").split()]

    def mask(name: str) -> int:
        return int(fields.get(name, "0"), 16)

    return {
        "host_pid": pid,
        "pid": numbers("NSpid")[-1],
        "parent": numbers("PPid")[0],
        "name": fields["Name"],
        "state": fields["State"][:1],
        "command": [word for word in command if word] or [fields["Name"]],
        "program": program,
        "uids": numbers("Uid"),
        "gids": numbers("Gid"),
        "groups": numbers("Groups"),
        "cap_effective": mask("CapEff"),
        "cap_permitted": mask("CapPrm"),
        "cap_bounding": mask("CapBnd"),
        "cap_inheritable": mask("CapInh"),
        "no_new_privileges": numbers("NoNewPrivs") == [1],
        "signals_caught": mask("SigCgt"),
        "signals_ignored": mask("SigIgn"),
        "signals_blocked": mask("SigBlk"),
        "waits_for_signal": _waits_for_signal(pid),
    }


def _waits_for_signal(pid: int) -> bool:
    """Whether the process is inside sigtimedwait (or sigwait) right now, where the kernel says."""
    try:
        with open(f"/proc/{pid}/wchan") as place:
            return "sigtimedwait" in place.read()
    except OSError:
        return False


def read(pid: int, path: str) -> dict[str, Any]:
    """A regular file of the container whose first process is ``pid`` (on the host)."""
    full = _resolve(pid, path)
    handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"{path} is not a regular file")
        return {"content": base64.b64encode(os.read(handle, MAX_FILE)).decode()}
    finally:
        os.close(handle)


def describe(pid: int, path: str) -> dict[str, Any]:
    """Owner, group, mode and kind of a path in the container, links resolved inside it."""
    facts = os.lstat(_resolve(pid, path))
    return {
        "uid": facts.st_uid,
        "gid": facts.st_gid,
        "mode": stat.S_IMODE(facts.st_mode),
        "is_directory": stat.S_ISDIR(facts.st_mode),
        "size": facts.st_size,
    }


def _resolve(pid: int, path: str) -> str:
    """Follow links as the container would: never out of /proc/PID/root."""
    root = f"/proc/{pid}/root"
    done: list[str] = []
    todo = [part for part in path.split("/") if part not in ("", ".")]
    hops = 0
    while todo:
        part = todo.pop(0)
        if part == "..":
            done = done[:-1]
            continue
        here = "/".join([root, *done, part])
        if stat.S_ISLNK(os.lstat(here).st_mode):
            hops += 1
            if hops > 40:
                raise OSError(f"too many links in {path}")
            target = os.readlink(here)
            if target.startswith("/"):
                done = []
            todo = [word for word in target.split("/") if word not in ("", ".")] + todo
        else:
            done.append(part)
    return "/".join([root, *done])


def cgroup(pid: int) -> dict[str, Any]:
    """Memory and CPU figures of the container's own cgroup (bytes, nanoseconds, counts)."""
    root = f"/proc/{pid}/root/sys/fs/cgroup"
    if os.path.exists(f"{root}/cgroup.controllers"):
        stats = _table(f"{root}/cpu.stat")
        events = _table(f"{root}/memory.events")
        return {
            "memory_bytes": _number(f"{root}/memory.current"),
            "memory_limit": _number(f"{root}/memory.max"),
            "swap_limit": _number(f"{root}/memory.swap.max"),
            "oom_kills": events.get("oom_kill", 0),
            "throttled_periods": stats.get("nr_throttled", 0),
            "cpu_nanoseconds": stats.get("usage_usec", 0) * 1000,
            "cpu_limit": _cpus(*(_text(f"{root}/cpu.max") or "max 100000").split()),
        }
    return {
        "memory_bytes": _number(f"{root}/memory/memory.usage_in_bytes"),
        "memory_limit": _number(f"{root}/memory/memory.limit_in_bytes"),
        "swap_limit": _number(f"{root}/memory/memory.memsw.limit_in_bytes"),
        "oom_kills": _table(f"{root}/memory/memory.oom_control").get("oom_kill", 0),
        "throttled_periods": _table(f"{root}/cpu/cpu.stat").get("nr_throttled", 0),
        "cpu_nanoseconds": _number(f"{root}/cpuacct/cpuacct.usage"),
        "cpu_limit": _cpus(
            _text(f"{root}/cpu/cpu.cfs_quota_us") or "-1",
            _text(f"{root}/cpu/cpu.cfs_period_us") or "100000",
        ),
    }


def mounts(pid: int) -> list[dict[str, Any]]:
    """The mounts that a process sees: where, of which kind, with which options."""
    found = []
    with open(f"/proc/{pid}/mountinfo") as table:
        for line in table:
            before, _, after = line.rstrip("\n").partition(" - ")
            fields, kind = before.split(" "), after.split(" ")
            place = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
            found.append({"place": place, "kind": kind[0], "options": fields[5].split(",")})
    return found


def _cpus(quota: str, period: str) -> float | None:
    """CPUs that a quota allows; none when it is unlimited."""
    return None if quota in ("max", "-1") else int(quota) / int(period)


def _text(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def _number(path: str) -> int | None:
    try:
        with open(path) as file:
            text = file.read().strip()
    except OSError:
        return None
    return None if text == "max" else int(text)


def _table(path: str) -> dict[str, int]:
    try:
        with open(path) as file:
            return {m[1]: int(m[2]) for m in re.finditer(r"^(\w+) (\d+)$", file.read(), re.M)}
    except OSError:
        return {}


_WITNESSES = witness.Witnesses(processes)

OPERATIONS = {
    "processes": processes,
    "read": read,
    "describe": describe,
    "cgroup": cgroup,
    "mounts": mounts,
    "watch": _WITNESSES.watch,
    "endings": _WITNESSES.endings,
}
