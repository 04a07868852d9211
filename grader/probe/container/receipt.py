"""Receipts: what a probe saw, with the command that shows a person the same.

The container is called ``web`` there and serves port 8000, as in the course.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.verdict.facts import HealthProbe, Logs, Process, Response, own
from grader.verdict.report import Evidence

PORT = 8000
SHOWN_LOG_LINES = 15
SHOWN_PROCESSES = 20
BESIDE = "docker run --rm --pid=container:web python:3.11-slim"
"""A container beside ``web``, in its pid namespace: looks in without needing a shell there."""
CURL = "curl -sw '\\nHTTP %{http_code}\\n'"
"""Prints an answer's body and then its status."""
TOP = ("pid", "ruid", "euid", "suid", "fuid", "rgid", "egid", "sgid", "fgid", "supgid", "args")


def processes(seen: Sequence[Process], before: str = "") -> Evidence:
    """The processes as ``docker top`` shows them, under the host's numbers; ``before`` is typed
    first. A health check's probe, which Docker starts beside them, is gone when somebody looks."""
    rows = [[*(name.upper() for name in TOP[:-1]), "COMMAND"]]
    for process in (own(seen) or seen)[:SHOWN_PROCESSES]:
        groups = ",".join(map(str, process.groups)) or "-"
        numbers = (process.host_pid, *process.uids, *process.gids, groups)
        rows.append([*map(str, numbers), process.command_line])
    widths = [max(len(row[column]) for row in rows) for column in range(len(TOP) - 1)]
    table = "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )
    return Evidence(f"{before}docker top web -eo {','.join(TOP)}", table)


def signals(process: Process) -> Evidence:
    """Which signals a process blocks, ignores and catches."""
    masks = {"SigBlk": process.signals_blocked, "SigIgn": process.signals_ignored}
    masks["SigCgt"] = process.signals_caught
    rows = "\n".join(f"{name}: {mask:016x}" for name, mask in masks.items())
    return Evidence(f"{BESIDE} grep -E 'Sig(Blk|Ign|Cgt)' /proc/{process.pid}/status", rows)


def capabilities(process: Process) -> Evidence:
    """Which capabilities a process holds and may come to hold."""
    sets = {"CapInh": "inheritable", "CapPrm": "permitted", "CapEff": "effective"}
    rows = [f"{key}: {getattr(process, f'cap_{name}'):016x}" for key, name in sets.items()]
    command = f"{BESIDE} grep -E 'Cap(Inh|Prm|Eff)' /proc/{process.pid}/status"
    return Evidence(command, "\n".join(rows))


def bounding(process: Process) -> Evidence:
    """Which capabilities a process holds, and which it could ever come to hold."""
    rows = f"CapEff:\t{process.cap_effective:016x}\nCapBnd:\t{process.cap_bounding:016x}"
    return Evidence(f"{BESIDE} grep -E 'Cap(Eff|Bnd)' /proc/{process.pid}/status", rows)


def file(path: str, text: str) -> Evidence:
    """The first and the last lines of a file of the container."""
    lines = text.splitlines()
    shown = [*lines[:2], "…", *lines[-3:]] if len(lines) > 6 else lines
    return Evidence(f"docker cp web:{path} - | tar -xO", "\n".join(shown)[:1000])


def logs(printed: Logs, expected: str = "") -> Evidence:
    """The last lines that the container printed."""
    shown = "\n".join(printed.lines[-SHOWN_LOG_LINES:])
    return Evidence("docker logs web", shown or "(nothing printed)", expected)


def health_status(status: str) -> Evidence:
    """What Docker calls the container's health."""
    template = "{{with .State.Health}}{{.Status}}{{end}}"
    return Evidence(f"docker inspect -f '{template}' web", status or "(none)")


def health_log(probes: Sequence[HealthProbe]) -> Evidence:
    """The last runs of the health check."""
    rows = [f"{probe.exit_code}: {probe.output.strip()[-200:]}" for probe in probes[-3:]]
    template = "{{with .State.Health}}{{range .Log}}{{.ExitCode}}: {{.Output}}{{end}}{{end}}"
    return Evidence(f"docker inspect -f '{template}' web", "\n".join(rows) or "(no probe has run)")


def request(
    method: str, path: str, body: bytes, headers: Mapping[str, str], answer: Response
) -> Evidence:
    """One HTTP request and its answer."""
    words = [CURL]
    if method != "GET":
        words += ["-X", method]
    for key, value in headers.items():
        words += ["-H", f"'{key}: {value}'"]
    if body:
        words += ["-d", "'" + body.decode("utf-8", "replace") + "'"]
    return Evidence(" ".join([*words, f"http://localhost:{PORT}{path}"]), answered(answer))


def answered(answer: Response) -> str:
    """An answer as ``CURL`` prints it."""
    if answer.error:
        return f"HTTP 000\n({answer.error})"
    return f"{answer.text[:300]}\nHTTP {answer.status}"
