"""One place says where the engine is: environment, contexts, sockets, and what it costs."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.answer import submission
from grader.engine import buildgroup, client, cliplugins, location
from grader.engine.unfit import Unfit
from grader.exercise import catalog
from grader.grading import runner, warm
from grader.tests.engine.socket_of import ENGINE, answering, forwarded, said_by
from grader.verdict.report import Status


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nobody has chosen an engine; the folder is home, docker's and the runtime's."""
    for name in (*location.VARIABLES, "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, bare: Path) -> Path:
    """A machine where nothing listens on the default socket."""
    monkeypatch.setattr(location, "DEFAULT_SOCKET", str(bare / "default.sock"))
    return bare


def context(folder: Path, name: str, host: str, *, current: bool = True) -> Path:
    """A context as ``docker context create`` writes it; where its certificates would be."""
    identity = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / ".docker" / "contexts" / "meta" / identity / "meta.json"
    meta.parent.mkdir(parents=True)
    endpoints = {"docker": {"Host": host, "SkipTLSVerify": False}}
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": endpoints}))
    if current:
        (folder / ".docker" / "config.json").write_text(json.dumps({"currentContext": name}))
    return folder / ".docker" / "contexts" / "tls" / identity / "docker"


def test_order_is_the_docker_clis_own(monkeypatch: pytest.MonkeyPatch, bare: Path) -> None:
    assert location.find().socket == location.DEFAULT_SOCKET
    context(bare, "of-the-file", "unix:///of/the/file.sock")
    assert location.find().socket == "/of/the/file.sock"
    context(bare, "of-the-shell", "unix:///of/the/shell.sock", current=False)
    monkeypatch.setenv("DOCKER_CONTEXT", "of-the-shell")
    assert location.find().socket == "/of/the/shell.sock"
    monkeypatch.setenv("DOCKER_HOST", "unix:///of/the/host.sock")
    assert location.find().socket == "/of/the/host.sock"


@pytest.mark.parametrize(
    ("given", "meant"),
    [("unix://", "unix:///var/run/docker.sock"), ("127.0.0.1:2375", "tcp://127.0.0.1:2375")],
)
def test_short_addresses_mean_what_docker_means_by_them(
    monkeypatch: pytest.MonkeyPatch, given: str, meant: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", given)
    assert location.address() == meant


def test_a_context_that_docker_made_is_read(bare: Path) -> None:
    """The files are the docker CLI's; its own word is the reference."""
    docker = cliplugins.docker()
    host = f"unix://{ENGINE}"
    make = [docker, "context", "create", "mine", f"--docker=host={host}"]
    subprocess.run(make, check=True, capture_output=True)
    subprocess.run([docker, "context", "use", "mine"], check=True, capture_output=True)
    found = location.find()
    assert (found.url, found.origin) == (host, "docker's context mine")
    client.connect().close()


def test_a_context_that_is_gone_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The docker CLI refuses as well; another engine than the chosen one would be a surprise."""
    monkeypatch.setenv("DOCKER_CONTEXT", "gone")
    with pytest.raises(Unfit, match="is gone, and there is no such context"):
        client.connect()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"currentContext": ""}'])
def test_a_config_that_chooses_nothing_leads_to_the_default(bare: Path, content: str) -> None:
    (bare / ".docker").mkdir()
    (bare / ".docker" / "config.json").write_text(content)
    assert location.find().socket == location.DEFAULT_SOCKET


def test_rootless_engine_is_found_where_the_default_is_closed(elsewhere: Path) -> None:
    """What ``./lab setup`` found, ``./lab check`` didn't."""
    with answering(elsewhere / "docker.sock", said_by("docker-26.1-classic")) as address:
        assert location.address() == address
        assert cliplugins.environment(elsewhere)["DOCKER_HOST"] == address
        assert client.connect().facts.version == "26.1.5"


def test_dead_socket_and_podmans_are_passed_over(elsewhere: Path) -> None:
    """Podman can be told to listen where Docker would; only an engine's own word counts."""
    (elsewhere / ".docker" / "run").mkdir(parents=True)
    (elsewhere / ".rd").mkdir()
    last = elsewhere / ".rd" / "docker.sock"
    with (
        answering(elsewhere / "docker.sock", said_by("podman-5.4")),
        answering(last, said_by("docker-28.5-containerd")) as address,
    ):
        with answering(elsewhere / ".docker" / "run" / "docker.sock", {"server": ""}):
            """Its file stays when it ends."""
        assert location.address() == address


def test_default_socket_that_leads_to_podman_is_no_engine(elsewhere: Path) -> None:
    """Debian's podman-docker makes that link; a rootless Docker beside it is the engine."""
    (elsewhere / "podman").mkdir()
    podman = elsewhere / "podman" / "podman.sock"
    (elsewhere / "default.sock").symlink_to(podman)
    with answering(podman, said_by("podman-5.4")):
        assert location.find().socket == location.DEFAULT_SOCKET  # to be refused by name
        with answering(elsewhere / "docker.sock", said_by("docker-26.1-classic")) as address:
            assert location.address() == address


def test_what_is_typed_beside_the_labs_commands_means_the_same_engine(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    location.adopt()
    assert "DOCKER_HOST" not in os.environ
    with answering(elsewhere / "docker.sock", said_by("docker-26.1-classic")) as address:
        location.adopt()
    assert os.environ["DOCKER_HOST"] == address


def test_tls_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch, bare: Path) -> None:
    """buildx on its own doesn't read DOCKER_TLS_VERIFY: the build would fail, at the learner's."""
    context(bare, "far", "tcp://engine.example:2376").mkdir(parents=True)
    with pytest.raises(Unfit, match=r"docker's context far is tcp://.* over TLS.*ssh -fnNT -L"):
        client.connect()
    monkeypatch.setenv("DOCKER_HOST", "tcp://engine.example:2376")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    with pytest.raises(Unfit, match=r"DOCKER_HOST is tcp://.* over TLS"):
        client.connect()


@pytest.mark.slow
def test_an_engine_behind_a_port_is_graded_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """``DOCKER_HOST=tcp://``: build, pod, observer and inspector all go through it."""
    exercise = catalog.find("nonroot_user")
    with forwarded() as port:
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
        assert not buildgroup.available("cgroupfs")
        report = runner.grade(exercise, submission.from_texts(exercise, exercise.solved))
        runner.settle()
    assert report.status is Status.PASSED, report.to_json()
    assert report.complete


@pytest.mark.slow
def test_warm_parent_grades_on_the_engine_of_its_caller(
    monkeypatch: pytest.MonkeyPatch, bare: Path
) -> None:
    """It was started before the context was changed, and under another home."""
    exercise = catalog.find("nonroot_user")
    answer = submission.from_texts(exercise, exercise.solved)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    warm.stop()
    assert runner.grade(exercise, answer).status is Status.ERROR
    monkeypatch.delenv("DOCKER_HOST")
    context(bare, "mine", f"unix://{ENGINE}")
    report = runner.grade(exercise, answer)
    runner.settle()
    assert report.status is Status.PASSED, report.to_json()


def test_it_costs_a_command_little() -> None:
    """./lab check asks before it does anything else: no docker-py, a connection and no question.
    Of many tries the quickest counts, since the machine may be busy."""
    source = "import sys; from grader.engine import location; location.find(); "
    source += "print('docker' in sys.modules, 'requests' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]

    def seconds() -> float:
        begun = time.perf_counter()
        location.find()
        return time.perf_counter() - begun

    assert min(seconds() for _ in range(50)) < 0.001
