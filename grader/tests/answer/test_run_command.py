"""Command lines mean what docker means by them; what reaches the host is refused."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from grader.answer import capture, run_command
from grader.engine.permitted import MAX_MEMORY, capped
from grader.engine.sandbox import MIB
from grader.verdict.outcome import GraderError, LearnerFault


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
def test_spellings_of_a_memory_limit(flags: str) -> None:
    assert run_command.read(f"docker run {flags} scorer").host["Memory"] == 256 * MIB


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
def test_spellings_of_a_gpu_request(flags: str, request_: dict[str, Any]) -> None:
    [sent] = run_command.read(f"docker run {flags} scorer").host["DeviceRequests"]
    assert {key: sent[key] for key in request_} == request_


@pytest.mark.parametrize(
    "script",
    [
        "docker run --name scorer -d scorer",
        "#!/bin/sh\nset -eu\n\n# a comment\nexec docker run -dit \\\n  --rm scorer",
        "docker container run --detach=true --sig-proxy=false -p 80:8000 scorer python app.py",
        "docker run -d scorer sh -c 'echo a; exec python app.py > /dev/null'",
        'docker run -d -e "GREETING=a; b | c" scorer  # the end',
    ],
)
def test_harmless_spellings_pass(script: str) -> None:
    assert run_command.read(script).image == "scorer"


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("docker run --memori 3m scorer", "unknown flag: --memori"),
        ("docker run --rm --restart always scorer", "conflicting options"),
        ("docker run scorer; rm -rf /", "';'"),
        ("docker run $(id) scorer", r"'\$'"),
        ('docker run -e "A=$HOME" scorer', r"'\$'"),
        ("docker run scorer && true", "'&'"),
        ("docker run scorer > /tmp/x", "'>'"),
        ("docker run scorer\ndocker run scorer", "holds 2"),
        ("", "holds none"),
        ("podman run scorer", "not with docker run"),
        ("docker -H tcp://host run scorer", "not with docker run"),
        ("docker run alpine", "called scorer"),
        ("docker run 'scorer", "can't be read"),
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
        ("docker run --cap-add SYS_ADMIN scorer", "CapAdd"),
        ("docker run --network host scorer", "network host"),
        ("docker run --network container:abc scorer", "network container"),
        ("docker run --pid host scorer", "PidMode"),
        ("docker run --ipc host scorer", "IpcMode"),
        ("docker run --userns host scorer", "UsernsMode"),
        ("docker run --device /dev/sda scorer", "Devices"),
        ("docker run --runtime nvidia scorer", "Runtime"),
        ("docker run --cgroup-parent / scorer", "CgroupParent"),
        ("docker run --sysctl net.ipv4.ip_forward=1 scorer", "Sysctls"),
        ("docker run --volumes-from abc scorer", "VolumesFrom"),
        ("docker run --security-opt apparmor=unconfined scorer", "apparmor"),
    ],
)
def test_what_reaches_out_is_refused_by_name(script: str, says: str) -> None:
    with pytest.raises(LearnerFault, match=says):
        run_command.read(script)


def test_environment_of_the_grader_does_not_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "c4n4ry")
    command = run_command.read("docker run -e CANARY -e PATH -e HOME scorer")
    assert "c4n4ry" not in str(command)
    assert "=" not in "".join(command.config["Env"])


def test_memory_is_capped_and_swap_follows_dockers_rule() -> None:
    unlimited = capped(run_command.read("docker run scorer").host)
    assert unlimited["Memory"] == unlimited["MemorySwap"] == MAX_MEMORY
    large = capped(run_command.read("docker run -m 64g --memory-swap -1 scorer").host)
    assert large["Memory"] == MAX_MEMORY
    assert large["MemorySwap"] <= 2 * MAX_MEMORY
    twice = capped(run_command.read("docker run -m 100m scorer").host)
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
