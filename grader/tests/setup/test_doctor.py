"""The doctor tells what is there and what to do, and never falls over what is missing."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.engine import client, cliplugins
from grader.exercise import project
from grader.setup import doctor as doctors
from grader.setup import engine as engines
from grader.setup import platform
from grader.setup.finding import Finding
from grader.setup.platform import System
from grader.setup.step import SetupError
from grader.tests.engine.socket_of import answering, said_by


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
    expected = {
        "python",
        "engine",
        "runc",
        "base images",
        "inspector",
        "stage",
        "cgroup",
        "swap limits",
    }
    assert expected | {"gpu", "disk", "buildx", "compose", "image store"} <= set(found)
    assert all(item["advice"] for item in found.values() if item["level"] != "ok")


def test_without_an_engine_it_says_what_to_do() -> None:
    code, content, _ = doctor(DOCKER_HOST="unix:///nonexistent.sock")
    assert code == 3
    [finding] = [item for item in content["findings"] if item["name"] == "engine"]
    assert finding["level"] == "missing"
    assert finding["advice"]


def found_on(
    monkeypatch: pytest.MonkeyPatch, path: Path, said: dict[str, Any]
) -> dict[str, Finding]:
    """The findings on an engine that ``said`` this of itself."""
    with answering(path / "docker.sock", said) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        return {finding.name: finding for finding in doctors.examine()}


def test_runc_is_the_engines_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It told of the one on this machine's PATH, which starts no container of the engine's."""
    other = tmp_path / "runc"
    other.write_text("#!/bin/sh\necho runc version 9.9.9\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    connected = client.connect()
    [finding] = [each for each in doctors.examine() if each.name == "runc"]
    assert finding.found.split()[0] == connected.component("runc")[0]
    connected.close()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("docker-26.1-classic", "Docker's classic store, driver overlay2"),
        ("docker-28.5-containerd", "containerd's image store, snapshotter overlayfs"),
    ],
)
def test_image_store_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, says: str
) -> None:
    assert found_on(monkeypatch, tmp_path, said_by(name))["image store"].found == says


def test_rootless_says_what_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = found_on(monkeypatch, tmp_path, said_by("docker-26.1-rootless"))
    assert "gpu_visibility" in found["rootless"].advice
    assert "skipped" in found["rootless"].advice
    assert "gpu" not in found  # no word of a simulated host that there can't be
    assert "-2+b4" in found["runc"].found
    assert "changelog" in found["runc"].advice  # a distribution's package, mended in place or not


@pytest.mark.parametrize(
    ("version", "warns"), [("25.0.1", True), ("25.0.2", False), ("dev", False), ("29.1.2", False)]
)
def test_escapes_of_buildkit_are_told_where_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, warns: bool
) -> None:
    said = said_by("docker-26.1-classic")
    said["version"]["Version"] = version
    finding = found_on(monkeypatch, tmp_path, said)["engine"]
    assert ("BuildKit has known escapes" in finding.advice) is warns


@pytest.mark.parametrize(
    ("commit", "is_package"),
    [("v1.1.9-0-gccaecfc", False), ("", False), ("51d5e946", False), ("1.1.15+ds1-2+b4", True)],
)
def test_a_package_is_told_from_a_build_of_runcs_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, commit: str, is_package: bool
) -> None:
    said = said_by("docker-26.1-classic")
    [runc] = [part for part in said["version"]["Components"] if part["Name"] == "runc"]
    runc.update(Version="1.1.9", Details={"GitCommit": commit})
    finding = found_on(monkeypatch, tmp_path, said)["runc"]
    assert ("package" in finding.found) is is_package
    assert ("CVE-2024-21626" in finding.advice) is not is_package


def test_podman_is_not_ready_and_not_set_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It said "Ready", and every check on it came to something else."""
    with answering(tmp_path / "docker.sock", said_by("podman-5.4")) as address:
        code, content, _ = doctor(DOCKER_HOST=address)
        monkeypatch.setenv("DOCKER_HOST", address)
        with pytest.raises(SetupError, match=r"is Podman 5\.4\.2, not a Docker Engine"):
            engines.ensure(may_install=False)
    assert code == 3
    assert not content["ready"]
    [finding] = [item for item in content["findings"] if item["name"] == "engine"]
    assert "is Podman 5.4.2, not a Docker Engine" in finding["found"]


def test_not_ready_without_the_programs_that_check_needs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Compose was a warning, and every exercise with a compose file ended in errors."""
    _only(monkeypatch, tmp_path)
    found = {finding.name: finding for finding in doctors.examine()}
    assert {found[name].level for name in ("docker cli", "buildx", "compose")} == {"missing"}
    assert not doctors.is_ready(list(found.values()))


def test_buildx_that_is_too_old_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It refuses --provenance, before a Dockerfile is read."""
    old = tmp_path / "docker-buildx"
    old.write_text("#!/bin/sh\necho github.com/docker/buildx v0.9.1 ed00243\n")
    old.chmod(0o755)
    _only(monkeypatch, tmp_path)
    found = {finding.name: finding for finding in doctors.examine()}
    assert found["buildx"].found == "0.9.1; 0.10 is needed"
    assert found["buildx"].level == "missing"


def _only(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A machine with the docker programs of ``folder`` and no others."""
    monkeypatch.setattr(cliplugins, "_FOLDERS", (str(folder),))
    monkeypatch.setenv("PATH", f"{folder}:/nowhere")
    for known in ("buildx", "compose", "buildx_version", "compose_version"):
        call = getattr(cliplugins, known)
        fresh = functools.cache(call.__wrapped__)
        monkeypatch.setattr(cliplugins, known, fresh)


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
