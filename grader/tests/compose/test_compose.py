"""Compose files mean what Compose means by them; what reaches the host is refused, by name."""

from __future__ import annotations

import pytest

from grader import compose
from grader.compose import logging
from grader.engine.sandbox import FILES, LIMITS, MIB
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


def test_only_files_of_the_answer_are_mounted() -> None:
    """Compose would mount any file of this machine."""
    with pytest.raises(NotInLab, match="outside of the exercise's folder"):
        service("secrets: [x]", after="secrets: {x: {file: /etc/shadow}}\n")
    text = FILE + "    secrets: [{source: x, target: y}]\n    volumes: ['./a.json:/etc/a:ro']\n"
    text += "secrets: {x: {file: ./key.txt}}\n"
    found = compose.read(text, files={"key.txt": b"k", "a.json": b"{}"}).service()
    assert found.mounted == {"/run/secrets/y": "key.txt", "/etc/a": "a.json"}
    assert found.sandboxed[FILES] == {"/run/secrets/y": b"k", "/etc/a": b"{}"}


def test_a_variables_file_of_the_answer_is_read() -> None:
    text = FILE + "    env_file: [a.env, {path: none.env, required: false}]\n"
    found = compose.read(text, files={"a.env": b"A=1\n# note\nB='2 3'\n"}).service()
    assert set(found.config["Env"]) == {"A=1", "B=2 3"}


def test_a_service_of_the_same_file_is_extended() -> None:
    text = (
        "services:\n  base: {build: ., mem_limit: 128m, tmpfs: [/a]}\n"
        "  scorer:\n    extends: {service: base}\n    tmpfs: !override [/b]\n"
        "    labels: !reset {}\n    environment: {A: '${X:-y}'}\n"
    )
    found = compose.read(text).service()
    assert found.host["Memory"] == 128 * MIB
    assert list(found.host["Tmpfs"]) == ["/b"]
    assert found.config["Env"] == ["A=y"]


@pytest.mark.parametrize(
    "other", ["env_file: /etc/passwd", "env_file: [{path: ../x}]", "label_file: /etc/passwd"]
)
def test_compose_reads_no_file_of_this_machine_while_it_resolves(other: str) -> None:
    """It would read it already then, and the values would stand in what comes back."""
    text = f"services:\n  scorer: {{extends: {{service: b}}}}\n  b:\n    build: .\n    {other}\n"
    with pytest.raises(NotInLab, match=r"reads a file|outside of the exercise's folder"):
        compose.read(text)


@pytest.mark.parametrize("key", ["BUILDKIT_SYNTAX", "https_proxy"])
def test_build_arguments_do_not_steer_buildkit(key: str) -> None:
    text = f"services: {{scorer: {{build: {{context: ., args: {{{key}: evil/frontend}}}}}}}}"
    with pytest.raises(NotInLab, match="what to fetch"):
        compose.read(text).service()


def test_a_volume_in_memory_is_told_from_one_on_disk() -> None:
    memory = "volumes: {data: {driver_opts: {type: tmpfs, device: tmpfs, o: 'size=1m,mode=700'}}}\n"
    found = service("volumes: ['data:/x']", after=memory)
    assert found.on_disk == frozenset()
    assert found.sandboxed["Mounts"][0]["VolumeOptions"]["DriverConfig"]["Options"]["o"] == (
        f"mode=700,size={MIB}"
    )
    assert service("volumes: ['data:/x']", after="volumes: {data: {}}\n").on_disk == {"/x"}


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
    beyond = service("cap_add: [SYS_ADMIN, CAP_CHOWN, sys_ptrace]")
    with pytest.raises(NotInLab, match="SYS_ADMIN"):
        _ = beyond.sandboxed
    assert beyond.with_default_capabilities["CapAdd"] == ["CHOWN"]
    assert "SYS_ADMIN" not in service("cap_add: [ALL]").with_default_capabilities["CapAdd"]


@pytest.mark.parametrize("word", ["no-new-privileges=true", "no-new-privileges:True"])
def test_security_options_reach_the_engine_as_written(word: str) -> None:
    assert service(f"security_opt: ['{word}']").sandboxed["SecurityOpt"] == [word]
    assert "SecurityOpt" not in service().sandboxed


REFUSED = {
    "env_file: /etc/shadow": "outside of the exercise's folder",
    "extends: {file: /etc/passwd, service: x}": "another file",
    "privileged: true": "isolation",
    "volumes: ['/:/host']": "a mount of '/'",
    "volumes: ['./x:/x']": "a mount of './x'",
    "volumes: ['$HOME:/x']": "a mount of",
    "volumes: ['${X:-/}:/x']": "a mount of",
    "volumes: [{type: bind, source: /, target: /x}]": "a mount of '/'",
    "network_mode: host": "network_mode host",
    "network_mode: 'container:other'": "network_mode",
    "network_mode: '${X:-host}'": "network_mode",
    "pid: host": "process namespace",
    "ipc: host": "IPC namespace",
    "devices: ['/dev/sda:/dev/sda']": "devices",
    "cgroup_parent: /": "control group",
    "runtime: other": "runtime",
    "security_opt: ['seccomp:unconfined']": "security_opt",
    "security_opt: ['apparmor:unconfined']": "security_opt",
    "label_file: /etc/passwd": "reads a file",
    "env_file: [{path: ../x, required: false}]": "outside of the exercise's folder",
    "volumes_from: ['container:other']": "volumes of another container",
    "uts: host": "UTS namespace",
    "userns_mode: host": "user namespace",
    "cgroup: host": "control groups",
    "device_cgroup_rules: ['c 1:3 mr']": "devices",
    "credential_spec: {file: x.json}": "credentials",
    "use_api_socket: true": "engine's own socket",
    "post_start: [{command: id, privileged: true}]": "older Compose",
    "pre_stop: [{command: id}]": "older Compose",
    "provider: {type: any-program-of-the-host}": "another program",
    "links: [other]": "other services",
    "external_links: [other]": "other containers",
    "oom_score_adj: -1000": "OOM killer would spare it",
    "sysctls: {net.ipv4.ip_unprivileged_port_start: 0}": "sysctl",
}
SLIPS = {
    "volumes: ['undeclared:/x']": "declared",
    "configs: [x]": "undefined config",
    "env_file: missing.env": "isn't in the exercise's folder",
    "deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: all}]}}}": (
        "could not select device driver"
    ),
    "tmpfs: !!python/name:os.system": "isn't valid YAML",
    "memlimit: 3": "no key",
    "restart: [1]": "must be a string",
    "mem_limit: lots": "invalid size",
    "build: .": "occurs twice",
    "cap_add: [NET_BIND]": "no such capability",
    "security_opt: ['no-new-privileges:yes']": "true or false",
    "depends_on: [nobody]": "undefined service",
    "deploy: {replicas: 0}": "starts nothing",
}


@pytest.mark.parametrize(("line", "says"), REFUSED.items(), ids=REFUSED)
def test_what_reaches_out_is_refused_and_not_scored(line: str, says: str) -> None:
    with pytest.raises(NotInLab, match=says):
        service(line)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("mem_reservation: 64m\n    mem_limit: 32m", "less than memory reservation"),
        ("memswap_limit: 64m", "always set the Memory limit"),
    ],
)
def test_what_the_engine_refuses_to_start_is_not_started(line: str, says: str) -> None:
    found = service(line)
    with pytest.raises(LearnerFault, match=says):
        _ = found.sandboxed


@pytest.mark.parametrize(("line", "says"), SLIPS.items(), ids=SLIPS)
def test_what_docker_refuses_is_the_learners(line: str, says: str) -> None:
    with pytest.raises(LearnerFault, match=says):
        service(line)


REFUSED_FILES = {
    "include: [/etc/passwd]\nservices: {scorer: {build: .}}": "include",
    "services: {scorer: {build: {context: ., ssh: [default]}}}": "ssh",
    "services: {scorer: {build: .}}\nvolumes: {x: {driver_opts: {device: /}}}": "driver_opts",
    "services: {scorer: {build: {context: ., additional_contexts: {a: /etc}}}}": "contexts",
    "services: {scorer: {build: {context: ., secrets: [x]}}}": "secrets",
    "services: {scorer: {build: {context: ., privileged: true}}}": "privileged",
    "services: {scorer: {build: .}}\nconfigs: {x: {file: /etc/shadow}}": "folder",
    "services: {scorer: {build: .}}\nconfigs: {x: {environment: HELLO}}": "environment",
    "services: {scorer: {build: .}}\nvolumes: {x: {external: true}}": "external",
    "services: {scorer: {build: .}}\nvolumes: {x: {driver: nfs}}": "driver nfs",
}
BROKEN = {
    "": "mapping",
    "[]": "mapping",
    "services: [": "isn't valid YAML",
    "services: {}": "no services",
    "services: {other: {build: .}}": "no service called scorer",
    "services: {scorer: 7}": "should be a mapping",
    "secret: 1\nservices: {scorer: {build: .}}": "top-level",
    "restart: always\nservices: {scorer: {build: .}}": "belongs under a service",
    "services: {scorer: {}}": "neither build",
    "services: {scorer: {build: /etc}}": "builds from",
    "services: {scorer: {build: {context: ., dockerfile: /etc/passwd}}}": "isn't there",
    "services: {scorer: {build: ../..}}": "builds from",
    "services: {scorer: {build: 'https://192.0.2.1/x.git'}}": "builds from",
    "services: {scorer: {build: '${PWD}'}}": "builds from",
    "services: {scorer: {build: {dockerfile: a, dockerfile_inline: FROM x}}}": "not both",
    "services: {scorer: {build: .}}\nvolumes: {x: 5}": "no options, or a mapping",
    "services: {scorer: {build: .}}\nvolumes: {x: [[1]]}": "no options, or a mapping",
    "services: {scorer: {build: .}}\n---\nservices: {}": "one mapping",
    "a: !!python/object/apply:os.system ['id']": "isn't valid YAML",
    "a: &a {b: *a}": "nested too deeply",
    "a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
    "d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]": "aliases",
    "x: " + "[" * 200 + "]" * 200: "nested too deeply",
}


@pytest.mark.parametrize(("text", "says"), REFUSED_FILES.items(), ids=range(len(REFUSED_FILES)))
def test_a_file_that_the_lab_cannot_take_is_not_scored(text: str, says: str) -> None:
    with pytest.raises(NotInLab, match=says):
        compose.read(text).service()


@pytest.mark.parametrize(("text", "says"), BROKEN.items(), ids=range(len(BROKEN)))
def test_a_malformed_file_gets_a_clear_message(text: str, says: str) -> None:
    with pytest.raises(LearnerFault, match=says):
        compose.read(text).service()


def test_a_configuration_may_stand_in_the_file_itself() -> None:
    found = compose.read(
        "services: {scorer: {build: ., configs: [{source: a, target: /a}, b]}}\n"
        "configs: {a: {content: '$$one ${TWO:-two} $$$$'}, b: {content: three}}"
    ).service()
    held = {target: found.contents[path] for target, path in found.mounted.items()}
    assert held == {"/a": b"$one two $$", "/b": b"three"}


def test_composes_words_are_told_of_a_text_that_it_refuses() -> None:
    with pytest.raises(LearnerFault, match="Compose refuses"):
        compose.read(
            "services: {scorer: {build: ., configs: [a]}}\nconfigs: {a: {content: '${A?none}'}}"
        ).service()


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
