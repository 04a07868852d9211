"""Command lines mean what docker means by them; what reaches the host is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from grader.answer import capture, run_command
from grader.answer.run_command import RunCommand
from grader.engine import client
from grader.engine.permitted import MAX_MEMORY, capped
from grader.engine.sandbox import MIB
from grader.engine.session import Session
from grader.stage import Stage
from grader.verdict.outcome import GraderError, LearnerFault, NotInLab

Read = Callable[[str], RunCommand]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with Session(client.connect()) as session:
        started = Stage.start(session.engine, session.id)
        yield started
        started.close()


@pytest.fixture
def read(stage: Stage) -> Read:
    return lambda script: run_command.read(script, stage)


@pytest.mark.parametrize(
    "flags",
    [
        "-m256m",
        "-m 256m",
        "--memory=256m",
        "--memory 256M",
        "-dm256m",
        "-m $((256))".replace("$((256))", "262144k"),
    ],
)
def test_spellings_of_a_memory_limit(flags: str, read: Read) -> None:
    assert read(f"docker run {flags} scorer").host["Memory"] == 256 * MIB


@pytest.mark.parametrize(
    ("flags", "request_"),
    [
        ("--gpus all", {"Count": -1, "DeviceIDs": None}),
        ("--gpus 1", {"Count": 1, "DeviceIDs": None}),
        ("--gpus device=1", {"Count": 0, "DeviceIDs": ["1"]}),
        ("--gpus '\"device=0,1\"'", {"Count": 0, "DeviceIDs": ["0", "1"]}),
        ("--device nvidia.com/gpu=0", {"DeviceIDs": ["nvidia.com/gpu=0"]}),
    ],
)
def test_spellings_of_a_gpu_request(flags: str, request_: dict[str, Any], read: Read) -> None:
    [sent] = read(f"docker run {flags} scorer").host["DeviceRequests"]
    assert {key: sent[key] for key in request_} == request_


@pytest.mark.parametrize(
    "script",
    [
        "docker run --name scorer -d scorer",
        "#!/bin/sh\nset -eu\n\n# a comment\nexec docker run -dit \\\n  --rm scorer",
        "docker container run --detach=true --sig-proxy=false -p 80:8000 scorer python app.py",
        "docker run -d scorer sh -c 'echo a; exec python app.py > /dev/null'",
        'docker run -d -e "GREETING=a; b | c" scorer  # the end',
        'IMAGE=scorer\nset -- -d --name "${NAME:-web}"\nexec docker run "$@" "$IMAGE"',
        'cd "$(dirname "$0")" && sudo -E docker run -d scorer:latest',
        "docker rm -f web 2> /dev/null || true; docker build -q -t scorer .; docker run scorer",
        "if ! docker inspect web > /dev/null; then docker run scorer > id; fi",
        "docker run scorer\r\n",
    ],
)
def test_harmless_spellings_pass(script: str, read: Read) -> None:
    assert read(script).image == "scorer"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("docker run --memori 3m scorer", "unknown flag: --memori"),
        ("docker run --rm --restart always scorer", "conflicting options"),
        ("docker run scorer\ndocker run scorer", "it starts 2"),
        ("for i in 1 2 3; do docker run scorer & done; wait", "it starts 3"),
        ("docker run --restart --name web scorer", "Did --restart take --name as its value"),
        ("docker run \u2014-rm scorer", "line 1 has a dash"),
        ("docker run -d scorer; docker update -m 1g web", "calls 'docker update -m'"),
        ("while :; do docker ps; done", "and was stopped"),
        ("", "it starts none"),
        ("NAME=web; docker ps; exit 3", "it starts none"),
        ("podman run scorer", "calls podman"),
        ("docker -H tcp://host run scorer", "calls 'docker -H"),
        ("docker run alpine", "called scorer"),
        ("docker run 'scorer", "unexpected EOF"),
        ("docker run --memory 64m --memory-reservation 128m scorer", "less than memory reser"),
        ("docker run --memory 2m scorer", "6MB"),
        ("docker run --memory-swap 200m scorer", "always set the Memory limit"),
        ("docker run --memory 200m --memory-swap 100m scorer", "larger than memory limit"),
        ("docker run --cap-add NET_BIND scorer", "no such capability"),
    ],
)
def test_what_docker_refuses_is_the_learners(script: str, says: str, read: Read) -> None:
    with pytest.raises(LearnerFault, match=says):
        read(script)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("docker run --env-file /etc/passwd scorer", "--env-file"),
        ("docker run --env-file=/etc/passwd scorer", "--env-file"),
        ("docker run --label-file /etc/passwd scorer", "--label-file"),
        ("docker run --cidfile /tmp/x scorer", "--cidfile"),
        ("docker run --security-opt seccomp=/etc/passwd scorer", "seccomp"),
        ("docker run -v /:/host scorer", "-v"),
        ("docker run -v/:/host scorer", "-v"),
        ("docker run --volume=/:/host scorer", "--volume"),
        ("docker run --mount type=bind,src=/,dst=/x scorer", "--mount"),
        ("docker run --privileged scorer", "Privileged"),
        ("docker run --cap-add SYS_ADMIN scorer", "SYS_ADMIN"),
        ("docker run --network host scorer", "network host"),
        ("docker run --network container:abc scorer", "network container"),
        ("docker run --pid host scorer", "PidMode"),
        ("docker run --ipc host scorer", "IPC namespace"),
        ("docker run --userns host scorer", "UsernsMode"),
        ("docker run --device /dev/sda scorer", "Devices"),
        ("docker run --runtime nvidia scorer", "Runtime"),
        ("docker run --cgroup-parent / scorer", "CgroupParent"),
        ("docker run --sysctl net.ipv4.ip_forward=1 scorer", "Sysctls"),
        ("docker run --volumes-from abc scorer", "VolumesFrom"),
        ("docker run --security-opt apparmor=unconfined scorer", "apparmor"),
        ("docker run --oom-score-adj -900 scorer", "OOM killer would spare it"),
    ],
)
def test_what_reaches_out_is_refused_by_name(script: str, says: str, read: Read) -> None:
    with pytest.raises(NotInLab, match=says):
        read(script)


def test_environment_of_the_grader_does_not_leak(
    monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    monkeypatch.setenv("CANARY", "c4n4ry")
    command = read("docker run -e CANARY -e PATH -e HOME scorer")
    assert "c4n4ry" not in str(command)
    assert "=" not in "".join(command.config["Env"])


def test_memory_is_capped_and_swap_follows_dockers_rule(read: Read) -> None:
    unlimited = capped(read("docker run scorer").host)
    assert unlimited["Memory"] == unlimited["MemorySwap"] == MAX_MEMORY
    large = capped(read("docker run -m 64g --memory-swap -1 scorer").host)
    assert large["Memory"] == MAX_MEMORY
    assert large["MemorySwap"] <= 2 * MAX_MEMORY
    twice = capped(read("docker run -m 100m scorer").host)
    assert twice["MemorySwap"] == 200 * MIB


def test_command_line_that_does_not_answer_leaves_nothing_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The endpoint's thread would poll its closed socket for ever, on a whole core."""
    monkeypatch.setattr(capture, "CLI_SECONDS", 0.0)
    with pytest.raises(GraderError, match="did not answer"):
        capture.create_body(["web"], "docker run web")
    serving = [thread for thread in threading.enumerate() if "serve_forever" in thread.name]
    for thread in serving:
        thread.join(2)
    assert not any(thread.is_alive() for thread in serving)
