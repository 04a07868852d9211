"""Who the processes of a container are."""

from __future__ import annotations

from collections.abc import Iterable

from grader.facts import Process

EXPECTED = "no 0 among the uids, the gids and the groups of any process"


def assert_not_root(processes: Iterable[Process]) -> None:
    """No process has root's uid or group in any of its places."""
    for process in processes:
        name = f"Process {process.pid} ({process.command_line})"
        assert 0 not in process.uids, (
            f"{name} runs with uid 0: real, effective, saved and file system uid are "
            f"{', '.join(map(str, process.uids))}."
        )
        assert 0 not in process.gids, (
            f"{name} isn't root but still has root's group: its gids are "
            f"{', '.join(map(str, process.gids))}."
        )
        assert 0 not in process.groups, f"{name} has root's group 0 among its extra groups."
