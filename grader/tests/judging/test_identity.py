"""Which processes are the service's own: a health probe begins as root, and isn't one."""

from __future__ import annotations

from grader.tests.judging.process import process
from grader.verdict.facts import own

FIRST = process(7, 7)


def test_what_docker_exec_runs_is_not_the_services_own() -> None:
    """Its parent is outside of the container."""
    probe = process(0, 0, pid=18, host_pid=118, parent=55)
    assert own([FIRST, probe]) == (FIRST,)


def test_children_and_their_children_are() -> None:
    """A helper that stays root can't hide behind a shell."""
    shell = process(7, 7, pid=8, host_pid=108, parent=100)
    helper = process(0, 0, pid=9, host_pid=109, parent=108)
    assert own([FIRST, shell, helper]) == (FIRST, shell, helper)
