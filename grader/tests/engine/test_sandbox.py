"""What a learner asks for can't widen the sandbox: not by a compose file, not by VOLUME."""

from __future__ import annotations

from typing import Any

import pytest

from grader.engine.sandbox import LIMITS, host_config
from grader.tests.compose.test_compose import service

BOUNDED = f"rw,nosuid,nodev,size={LIMITS.tmpfs_bytes}"


def started(*lines: str, volumes: tuple[str, ...] = (), host_cpus: int = 2) -> dict[str, Any]:
    """The HostConfig that a service with these lines is started with."""
    asked = service(*lines).sandboxed
    return host_config(
        LIMITS, network="none", host_cpus=host_cpus, volumes=volumes, overrides=asked
    )


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
    ("asked", "host_cpus", "given"),
    [("0.5", 1, 0.5), ("1.5", 1, 1.0), ("1.5", 2, 1.5), ("", 1, 1.0), ("", 64, LIMITS.cpus)],
)
def test_a_limit_above_the_hosts_cpus_is_none_that_fails(
    asked: str, host_cpus: int, given: float
) -> None:
    """The engine refuses to start it, and on the machine it was written for it is right."""
    lines = [f"cpus: {asked}"] if asked else []
    assert started(*lines, host_cpus=host_cpus)["NanoCpus"] == given * 1e9


def test_no_cpu_limit_is_asked_for_where_there_can_be_none() -> None:
    """The engine refuses such a container altogether."""
    assert started(host_cpus=0)["NanoCpus"] == 0


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
