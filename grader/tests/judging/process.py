"""A process of a container as the observer reports it, with what a test cares about."""

from __future__ import annotations

from grader.verdict.facts import Process


def process(
    uid: int, gid: int, *groups: int, pid: int = 1, host_pid: int = 100, parent: int = 99
) -> Process:
    facts: dict[str, object] = {
        "host_pid": host_pid,
        "pid": pid,
        "parent": parent,
        "name": "python",
        "state": "S",
        "command": ["python", "app.py"],
        "program": "/usr/bin/python",
        "uids": [uid] * 4,
        "gids": [gid] * 4,
        "groups": list(groups),
        "no_new_privileges": True,
        "waits_for_signal": False,
    }
    masks = ("cap_effective", "cap_permitted", "cap_bounding", "cap_inheritable")
    signals = ("signals_caught", "signals_ignored", "signals_blocked")
    return Process.from_dict({**facts, **dict.fromkeys((*masks, *signals), 0)})
