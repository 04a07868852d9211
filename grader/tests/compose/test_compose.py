"""Compose files mean what Compose means by them; what reaches the host is refused, by name."""

from __future__ import annotations

import pytest

from grader import compose
from grader.compose import logging
from grader.engine.sandbox import LIMITS, MIB
from grader.verdict.outcome import LearnerFault, NotInLab

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


def test_secrets_of_files_are_never_read() -> None:
    """They aren't handed to Compose, which would mount any file of this machine."""
    found = service("secrets: [x]", after="secrets: {x: {file: /etc/shadow}}\n")
    assert "shadow" not in repr(found)


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
    "env_file: [{path: /etc/shadow, required: false}]": "reads a file of this machine",
    "volumes_from: ['container:other']": "volumes of another container",
    "uts: host": "UTS namespace",
    "userns_mode: host": "user namespace",
    "cgroup: host": "control group",
    "device_cgroup_rules: ['c 1:3 mr']": "devices",
    "credential_spec: {file: x.json}": "credentials",
    "use_api_socket: true": "engine's own socket",
    "deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: all}]}}}": (
        "devices of the host"
    ),
    "post_start: [{command: id, privileged: true}]": "no key",
    "pre_stop: [{command: id}]": "no key",
    "provider: {type: any-program-of-the-host}": "no key",
    "links: [other]": "no key",
    "external_links: [other]": "no key",
    "environment: !reset null": "isn't valid YAML",
    "environment: !override {A: b}": "isn't valid YAML",
    "tmpfs: !!python/name:os.system": "isn't valid YAML",
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
    "services: {scorer: {build: ../..}}": "builds from",
    "services: {scorer: {build: 'https://192.0.2.1/x.git'}}": "builds from",
    "services: {scorer: {build: '${PWD}'}}": "builds from",
    "services: {scorer: {build: {context: ., additional_contexts: {a: /etc}}}}": "no more than",
    "services: {scorer: {build: {context: ., secrets: [x]}}}": "no more than",
    "services: {scorer: {build: {context: ., network: host}}}": "no more than",
    "services: {scorer: {build: {context: ., privileged: true}}}": "no more than",
    "services: {scorer: {build: {dockerfile_inline: FROM x}}}": "no more than",
    "services: {scorer: {build: .}}\nconfigs: {x: {file: /etc/shadow}}": "top-level",
    "services: {scorer: {build: .}}\nvolumes: {x: {external: true}}": "reach the host",
    "services: {scorer: {build: .}}\nvolumes: {x: 5}": "no options, or a mapping",
    "services: {scorer: {build: .}}\nvolumes: {x: [[1]]}": "no options, or a mapping",
    "services: {scorer: {build: .}}\nvolumes: {x: {driver: nfs}}": "reach the host",
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


def test_other_services_may_stand_in_the_file() -> None:
    """They are never run, so they may be what they are; a slip of the pen is still one."""
    beside = "\n  other: {image: 'fluent/fluentd', volumes: ['./conf:/conf'], env_file: .env}\n"
    assert service(after=beside).name == "scorer"
    with pytest.raises(LearnerFault, match="no key"):
        service(after="\n  other: {image: x, volums: []}\n")


LOGGING = {
    "max-file: '2000000000'": "max-file",
    "max-buffer-size: 100g, mode: non-blocking": "memory of the engine",
    "fluentd-buffer-limit: 9t": "memory of the engine",
    "tag: '{{pad .Name 9 999999999999}}'": "simple placeholders",
    "tag: '{{range $i := .}}{{end}}'": "simple placeholders",
    "tag: '{{.Name'": "doesn't close",
    "env: '{{printf \"%s\" .}}'": "simple placeholders",
}


@pytest.mark.parametrize(("options", "says"), LOGGING.items(), ids=LOGGING)
def test_logging_does_not_burden_the_engine_itself(options: str, says: str) -> None:
    """A log driver runs inside the engine, where no limit of the sandbox holds."""
    with pytest.raises(LearnerFault, match=says):
        service(f"logging: {{driver: json-file, options: {{{options}}}}}")


@pytest.mark.parametrize(
    "tag",
    [
        "{{.Name}}",
        "a.{{.ImageName}}/{{.ID}}",
        '{{index .ContainerLabels "x"}}',
        "{{if .Name}}{{lower .Name}}{{else}}none{{end}}",
        '{{(index (split .Name "-") 0) | upper}}',
        "{{truncate .FullID 8}}",
        "plain",
    ],
)
def test_usual_tags_are_taken(tag: str) -> None:
    found = service(f"logging: {{driver: json-file, options: {{tag: '{tag}'}}}}")
    assert found.host["LogConfig"]["Config"]["tag"] == tag


@pytest.mark.parametrize("address", ["", "localhost", ":24224", "tcp://127.0.0.1:24224"])
def test_fluentd_is_sent_to_the_labs_collector(address: str) -> None:
    asked = {"Type": "fluentd", "Config": {"fluentd-address": address, "tag": "a"}}
    found = logging.delivered(asked, "unix:///here")["Config"]
    assert found["fluentd-address"] == "unix:///here"
    assert found["tag"] == "a"
    assert int(found["fluentd-max-retries"]) < 5


@pytest.mark.parametrize(
    "address",
    ["fluentd:24224", "192.0.2.1", "localhost:80", "tls://localhost", "unix:///x", "::", "a/b"],
)
def test_fluentd_is_sent_nowhere_else(address: str) -> None:
    """The engine itself would connect, from the host's network."""
    with pytest.raises(LearnerFault, match=r"address|engine"):
        logging.delivered({"Type": "fluentd", "Config": {"fluentd-address": address}}, "unix:///h")
