"""Compose files mean what Compose means by them; what reaches the host is refused, by name."""

from __future__ import annotations

import pytest

from grader import compose
from grader.outcome import LearnerFault, NotInLab
from grader.sandbox import LIMITS, MIB

FILE = "services:\n  scorer:\n    build: .\n"


def service(*lines: str, after: str = "") -> compose.Service:
    body = "".join(f"    {line}\n" for line in lines)
    return compose.read(FILE + body + after).service()


def test_a_service_is_what_compose_makes_of_it() -> None:
    found = service(
        "restart: unless-stopped",
        "stop_grace_period: 1m5s",
        "labels: {service: scorer}",
        "deploy: {resources: {limits: {memory: 256M, cpus: '0.5'}, reservations: {memory: 64M}}}",
    )
    assert found.host["Memory"] == 256 * MIB
    assert found.host["NanoCpus"] == 500_000_000
    assert found.host["MemoryReservation"] == 64 * MIB
    assert found.host["RestartPolicy"]["Name"] == "unless-stopped"
    assert found.config["StopTimeout"] == 65
    assert found.labels["service"] == "scorer"


def test_words_stay_words() -> None:
    """``restart: no`` is text for Compose, and a truth value for PyYAML by default."""
    assert "RestartPolicy" not in service("restart: no").host


def test_the_graders_environment_is_not_interpolated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "b0a7")
    found = service("environment:", "  - TOKEN=${CANARY:-none}", "  - CANARY")
    assert set(found.config["Env"]) == {"TOKEN=none", "CANARY"}


def test_volumes_and_tmpfs_are_bounded() -> None:
    found = service(
        "tmpfs: ['/a', '/b:size=4g,mode=1777']",
        "volumes: ['data:/c', '/d', {type: tmpfs, target: /e, tmpfs: {size: 8000000000}}]",
        after="volumes:\n  data:\n",
    ).sandboxed
    assert found["Tmpfs"]["/a"] == f"size={LIMITS.tmpfs_bytes}"
    assert found["Tmpfs"]["/b"] == f"mode=1777,size={LIMITS.tmpfs_bytes}"
    for mount in found["Mounts"]:
        assert str(LIMITS.tmpfs_bytes) in str(mount)
    assert "Binds" not in found


def test_capabilities_beyond_dockers_own_are_not_granted() -> None:
    granted = service("cap_add: [SYS_ADMIN, CAP_CHOWN, sys_ptrace]").sandboxed["CapAdd"]
    assert granted == ["CHOWN"]
    assert "SYS_ADMIN" not in service("cap_add: [ALL]").sandboxed["CapAdd"]


REFUSED = {
    "env_file: /etc/shadow": "reads a file of this machine",
    "extends: {file: /etc/passwd, service: x}": "reads another file",
    "privileged: true": "isolation",
    "volumes: ['/:/host']": "folder of the host",
    "volumes: ['./x:/x']": "folder of the host",
    "volumes: ['$HOME:/x']": "folder of the host",
    "volumes: ['${X:-/}:/x']": "folder of the host",
    "volumes: [{type: bind, source: /, target: /x}]": "folder of the host",
    "volumes: ['undeclared:/x']": "declared",
    "network_mode: host": "network_mode host",
    "network_mode: 'container:other'": "network_mode",
    "network_mode: '${X:-host}'": "network_mode",
    "pid: host": "process namespace",
    "ipc: host": "IPC namespace",
    "devices: ['/dev/sda:/dev/sda']": "devices",
    "cgroup_parent: /": "control group",
    "runtime: other": "runtime",
    "configs: [x]": "files of this machine",
    "security_opt: ['seccomp:unconfined']": "security_opt",
    "security_opt: ['apparmor:unconfined']": "security_opt",
    "label_file: /etc/passwd": "reads a file",
    "gpus: all": "no key",
    "memlimit: 3": "no key",
    "restart: [1]": "must be a string",
    "mem_limit: lots": "invalid size",
    "build: .": "occurs twice",
}


@pytest.mark.parametrize(("line", "says"), REFUSED.items(), ids=REFUSED)
def test_what_reaches_out_or_makes_no_sense_is_refused(line: str, says: str) -> None:
    with pytest.raises(LearnerFault, match=says):
        service(line)


BROKEN = {
    "": "mapping",
    "[]": "mapping",
    "services: [": "isn't valid YAML",
    "services: {}": "no services",
    "services: {other: {build: .}}": "no service called scorer",
    "services: {scorer: 7}": "should be a mapping",
    "include: [/etc/passwd]\nservices: {scorer: {build: .}}": "include",
    "secret: 1\nservices: {scorer: {build: .}}": "top-level",
    "services: {scorer: {}}": "neither build",
    "services: {scorer: {build: /etc}}": "builds from",
    "services: {scorer: {build: {context: ., dockerfile: /etc/passwd}}}": "another Dockerfile",
    "services: {scorer: {build: {context: ., ssh: [default]}}}": "no more than a context",
    "services: {scorer: {build: .}}\nvolumes: {x: {driver_opts: {device: /}}}": "reach the host",
    "services: {scorer: {build: .}}\n---\nservices: {}": "one mapping",
    "a: !!python/object/apply:os.system ['id']": "isn't valid YAML",
    "a: &a {b: *a}": "nested too deeply",
    "a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
    "d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]": "aliases",
    "x: " + "[" * 200 + "]" * 200: "nested too deeply",
}


@pytest.mark.parametrize(("text", "says"), BROKEN.items(), ids=range(len(BROKEN)))
def test_a_malformed_file_gets_a_clear_message(text: str, says: str) -> None:
    with pytest.raises(LearnerFault, match=says):
        compose.read(text).service()


def test_an_image_of_elsewhere_is_not_held_against_the_learner() -> None:
    with pytest.raises(NotInLab, match="my-api"):
        compose.read("services: {scorer: {image: 'my-api:v1'}}").service()
