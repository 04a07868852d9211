"""The doctor tells what is there and what to do, and never falls over what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.exercise import project
from grader.setup import platform
from grader.setup.platform import System


def doctor(**environment: str) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(
        [sys.executable, project.ROOT / "lab", "doctor", "--json"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


def test_machine_of_the_tests_is_ready() -> None:
    code, content, _ = doctor()
    assert code == 0
    assert content["ready"]
    found = {item["name"]: item for item in content["findings"]}
    expected = {"python", "engine", "runc", "base images", "inspector", "cgroup", "swap limits"}
    assert expected | {"gpu", "disk", "buildx", "compose"} <= set(found)
    assert all(item["advice"] for item in found.values() if item["level"] != "ok")


def test_without_an_engine_it_says_what_to_do() -> None:
    code, content, _ = doctor(DOCKER_HOST="unix:///nonexistent.sock")
    assert code == 3
    [finding] = [item for item in content["findings"] if item["name"] == "engine"]
    assert finding["level"] == "missing"
    assert finding["advice"]


@pytest.mark.parametrize(
    ("system", "says"),
    [
        (System("Darwin", "", "", "", False), "Docker Desktop"),
        (System("Windows", "", "", "", False), "WSL"),
        (System("Linux", "ubuntu", "noble", "24.04", True), "WSL integration"),
        (System("Linux", "debian", "bookworm", "12", False), "./lab setup"),
        (System("Linux", "fedora", "", "41", False), "dnf install"),
        (System("Linux", "arch", "", "", False), "pacman"),
        (System("Linux", "nixos", "", "", False), "Docker Engine 25"),
    ],
)
def test_every_platform_has_a_next_step(system: System, says: str) -> None:
    assert says in platform.advice(system)


def test_os_release_is_read(tmp_path: Path) -> None:
    path = tmp_path / "os-release"
    path.write_text('ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n')
    system = platform.detect(path)
    assert (system.id, system.codename, system.version) == ("debian", "bookworm", "12")
    assert system.installs
