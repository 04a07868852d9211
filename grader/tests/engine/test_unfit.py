"""Which engines aren't graded on: said in one sentence that names the next step."""

from __future__ import annotations

import grp
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from grader.engine import client, location, unfit
from grader.engine.location import Location
from grader.engine.unfit import Unfit
from grader.tests.engine.socket_of import altered, answering, said_by
from grader.tests.engine.somebody import as_somebody, opened

Said = dict[str, Any]


def refused(monkeypatch: pytest.MonkeyPatch, address: str) -> Unfit:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(Unfit) as problem:
        _ = client.connect().facts
    assert str(problem.value).endswith(" Nothing was scored.")
    return problem.value


def silent(path: Path) -> Location:
    return Location(f"unix://{path}", "the default socket")


@pytest.mark.parametrize("name", ["docker-26.1-classic", "docker-28.5-containerd"])
def test_dockers_own_engines_are_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    with answering(tmp_path / "docker.sock", said_by(name)) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        assert client.connect().facts.version.startswith(name.split("-")[1])


def test_podman_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It builds without BuildKit, so right answers failed there."""
    with answering(tmp_path / "docker.sock", said_by("podman-5.4")) as address:
        problem = refused(monkeypatch, address)
    assert "is Podman 5.4.2, not a Docker Engine" in problem.found
    assert "Install Docker Engine 25 or newer" in problem.advice
    assert not problem.is_mendable


def test_an_old_engine_is_refused_even_with_a_newer_client(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = said_by("docker-26.1-classic")
    said["version"]["Version"] = "20.10.24+dfsg1"
    with answering(tmp_path / "docker.sock", said) as address:
        problem = refused(monkeypatch, address)
    assert problem.found == "This Docker Engine is 20.10.24+dfsg1; 25 or newer is needed."


def test_windows_containers_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = said_by("docker-28.5-containerd")
    said["version"]["Os"] = "windows"
    with answering(tmp_path / "docker.sock", said) as address:
        assert "Linux containers" in refused(monkeypatch, address).advice


@pytest.mark.parametrize(
    ("lacks", "options", "says", "advises"),
    [
        ("MemoryLimit", ["name=rootless"], "can't limit memory", "cgroup version 2"),
        ("PidsLimit", [], "can't limit the number of processes", "kernel"),
    ],
)
def test_an_engine_that_holds_nobody_to_a_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    lacks: str,
    options: list[str],
    says: str,
    advises: str,
) -> None:
    """A rootless engine on cgroup version 1: memory_limit's solution would fail there."""

    def alter(info: Said) -> None:
        info[lacks] = False
        info["SecurityOptions"] += options

    with altered(tmp_path / "docker.sock", alter) as address:
        problem = refused(monkeypatch, address)
    assert says in problem.found
    assert advises in problem.advice


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("ssh://ada@far:2222", r"ssh -fnNT -p 2222 -L \S+:/var/run/docker\.sock ada@far, then"),
        ("npipe:////./pipe/docker_engine", r"by unix:// or tcp://"),
        ("/var/run/docker.sock", r"by unix:// or tcp://"),
        ("tcp://127.0.0.1:9", r"No Docker Engine answers at tcp://127\.0\.0\.1:9"),
        ("127.0.0.1:9", r"No Docker Engine answers at tcp://127\.0\.0\.1:9"),
    ],
)
def test_what_is_not_reached_is_said(
    monkeypatch: pytest.MonkeyPatch, address: str, says: str
) -> None:
    problem = refused(monkeypatch, address)
    with pytest.raises(Unfit, match=says):
        raise problem
    assert "DOCKER_HOST" in problem.advice


def test_dead_socket_is_told_from_none(tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    assert unfit.by_silence(silent(path)).found == "No Docker Engine answers."
    with socket.socket(socket.AF_UNIX) as stream:
        stream.bind(str(path))
    dead = unfit.by_silence(silent(path))
    assert "nobody listens on it" in dead.found
    assert dead.is_mendable


def test_where_only_podman_is_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "podman").mkdir()
    (tmp_path / "podman" / "podman.sock").touch()
    problem = unfit.by_silence(silent(tmp_path / "docker.sock"))
    assert "there is only Podman's socket" in problem.found
    assert problem.is_mendable


def test_closed_socket_names_its_group_and_the_new_login(tmp_path: Path) -> None:
    """It said that ./lab setup installs an engine, as root: a dead end."""
    with answering(tmp_path / "docker.sock", said_by("docker-26.1-classic")):
        group = _close(tmp_path / "docker.sock")
        problem = as_somebody(lambda: str(unfit.by_silence(silent(tmp_path / "docker.sock"))))
    assert "closed to this user (permission denied)" in problem
    assert f"sudo usermod -aG {group} $USER, then log out and in again" in problem


def _close(path: Path) -> str:
    """Nobody but root and one group may connect now; that group's name."""
    opened(path)
    group = next(each for each in grp.getgrall() if each.gr_gid and not each.gr_mem)
    if os.geteuid() == 0:
        os.chown(path, 0, group.gr_gid)
        path.chmod(0o660)
        return group.gr_name
    path.chmod(0)
    return grp.getgrgid(path.stat().st_gid).gr_name


def test_default_socket_without_rights_does_not_hide_an_engine_of_ones_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A rootless engine beside one that belongs to others."""
    for name in location.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(location, "DEFAULT_SOCKET", str(tmp_path / "others.sock"))
    with (
        answering(tmp_path / "others.sock", said_by("docker-26.1-classic")),
        answering(tmp_path / "docker.sock", said_by("docker-28.5-containerd")) as own,
    ):
        _close(tmp_path / "others.sock")
        (tmp_path / "docker.sock").chmod(0o666)
        assert as_somebody(location.address) == own
