"""Who the processes of a container are."""

from __future__ import annotations

from collections.abc import Iterable

from grader.verdict.facts import Process


def assert_unprivileged(processes: Iterable[Process], user: str) -> None:
    """No process is root's, nor would one be that is started without more words: a health check or
    ``docker exec``. ``user`` is the configuration's own word."""
    assert_not_root(processes)
    name = user.partition(":")[0]
    assert name not in ("", "root", "0"), (
        f"The service steps down from root by itself, and the container's user is "
        f"{name or 'root, since USER names none'}: its health check and every docker exec run as "
        "root."
    )


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
