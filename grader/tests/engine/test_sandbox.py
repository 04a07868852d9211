"""What a learner asks for can't widen the sandbox: not by a compose file, not by VOLUME."""

from __future__ import annotations

from typing import Any

import pytest

from grader.engine.sandbox import LIMITS, host_config
from grader.tests.compose.test_compose import service

BOUNDED = f"rw,nosuid,nodev,size={LIMITS.tmpfs_bytes}"


def started(*lines: str, volumes: tuple[str, ...] = ()) -> dict[str, Any]:
    """The HostConfig that a service with these lines is started with."""
    asked = service(*lines).sandboxed
    return host_config(LIMITS, network="none", host_cpus=2, volumes=volumes, overrides=asked)


def ulimits(*lines: str) -> dict[str, tuple[int, int]]:
    return {each["Name"]: (each["Soft"], each["Hard"]) for each in started(*lines)["Ulimits"]}


@pytest.mark.parametrize(
    ("asked", "given"), [("-1", LIMITS.pids), ("64", 64), ("99999", LIMITS.pids)]
)
def test_processes_stay_bounded(asked: str, given: int) -> None:
    assert started(f"pids_limit: {asked}")["PidsLimit"] == given


def test_processes_are_bounded_where_nothing_is_asked_for() -> None:
    assert started()["PidsLimit"] == LIMITS.pids


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("{nofile: 1024}", LIMITS.file_bytes),
        ("{fsize: -1}", LIMITS.file_bytes),
        ("{fsize: 4096}", 4096),
    ],
)
def test_files_stay_bounded(asked: str, given: int) -> None:
    """An innocent limit of another kind must not take that of files away."""
    assert ulimits(f"ulimits: {asked}")["fsize"] == (given, given)


def test_a_ulimit_of_the_learners_own_is_kept() -> None:
    assert ulimits("ulimits: {nofile: {soft: 512, hard: 1024}}")["nofile"] == (512, 1024)


def test_the_hosts_processor_is_not_given_away() -> None:
    assert "rtprio" not in ulimits("ulimits: {rtprio: 99}")


def test_declared_volumes_are_bounded_beside_a_services_own_mounts() -> None:
    """Each place once: the engine refuses two mounts at one."""
    host = started("tmpfs: [/tmp]", "volumes: ['/cache/']", volumes=("/data", "/cache", "/tmp"))
    assert host["Tmpfs"]["/data"] == BOUNDED
    assert set(host["Tmpfs"]) == {"/data", "/tmp"}
    assert {mount["Target"].rstrip("/") for mount in host["Mounts"]} == {"/cache"}
