"""What known actions do to a job's images and files; all others do nothing, and it is noted.

Only effects that matter for what is pushed are followed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from grader.workflow import engine_command, metadata, option, scanner, unknown
from grader.workflow.machine import Machine

Inputs = Mapping[str, str]

HARMLESS = option.words(
    "actions/setup-python actions/setup-node actions/setup-go actions/github-script "
    "actions/attest-build-provenance actions/attest actions/attest-sbom actions/labeler "
    "actions/dependency-review-action docker/setup-qemu-action docker/setup-docker-action "
    "github/codeql-action/upload-sarif github/codeql-action/init github/codeql-action/analyze "
    "github/codeql-action/autobuild trufflesecurity/trufflehog gitleaks/gitleaks-action "
    "aquasecurity/setup-trivy aquasecurity/trivy-action sigstore/cosign-installer "
    "astral-sh/setup-uv hadolint/hadolint-action step-security/harden-runner "
    "anchore/sbom-action anchore/scan-action docker/scout-action snyk/actions/docker "
    "codecov/codecov-action ossf/scorecard-action softprops/action-gh-release "
    "jlumbroso/free-disk-space crazy-max/ghaction-github-runtime imjasonh/setup-crane "
    "anchore/sbom-action/download-syft snyk/actions/setup extractions/setup-just"
)
"""Actions that leave images alone, or whose part is known elsewhere."""

TELLING = (
    "docker",
    "image",
    "push",
    "publish",
    "release",
    "deploy",
    "build",
    "container",
    "kaniko",
)
"""Words in an unknown action's name that make a verdict about it impossible."""


@dataclass
class Done:
    """How an action ended and what it put out."""

    went: bool = True
    outputs: dict[str, str] = field(default_factory=dict)


def run(machine: Machine, name: str, inputs: Inputs) -> Done:
    """Do what an action does; ``name`` is without its version."""
    if asked := scanner.action(name, inputs):
        return Done(engine_command.scan(machine, asked).code == 0)
    if name in _KNOWN:
        return _KNOWN[name](machine, inputs)
    if name.startswith("docker://"):
        return _container(machine, name.removeprefix("docker://"), inputs)
    if "login" in name or "auth" in name or "credentials" in name:
        return _login(machine, {})
    if "pytest" in name or name.endswith(("/run-tests", "/tox-action", "/nox")):
        return Done(engine_command.tested(machine, frozenset(), name).code == 0)
    if name not in HARMLESS:
        machine.note(f"the lab knows no effect of {name}")
        machine.world.unfamiliar.add(name)
        machine.checked_out |= "checkout" in name
    return Done()


def _container(machine: Machine, image: str, inputs: Inputs) -> Done:
    words = option.read([], frozenset()).positional
    words += inputs.get("args", "").split()
    tool = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    entry = inputs.get("entrypoint") or tool
    asked = scanner.command([entry, *words], {})
    if asked:
        return Done(engine_command.scan(machine, asked).code == 0)
    machine.note(f"the lab knows no effect of {image[:60]}")
    return Done()


def _checkout(machine: Machine, inputs: Inputs) -> Done:
    machine.checked_out = True
    return Done()


def _buildx(machine: Machine, inputs: Inputs) -> Done:
    driver = inputs.get("driver") or "docker-container"
    if inputs.get("use", "true") != "false":
        machine.separate_builder = driver != "docker"
    machine.aliased |= inputs.get("install", "") == "true"
    return Done(outputs={"name": "builder", "driver": driver, "platforms": "linux/amd64"})


def _login(machine: Machine, inputs: Inputs) -> Done:
    needed = [inputs[key] for key in ("username", "password") if key in inputs]
    if any(unknown.is_empty(value) for value in needed):
        machine.note("can't log in: this event is given no secrets")
        return Done(False)
    machine.log_in(inputs.get("password", ""))
    return Done()


def _metadata(machine: Machine, inputs: Inputs) -> Done:
    tags = metadata.tags(inputs, machine.world.event)
    separator = inputs.get("sep-tags") or "\n"
    version = tags[0].rpartition(":")[2] if tags else ""
    names = [tag.rpartition(":")[2] for tag in tags]
    said = json.dumps({"tags": tags, "labels": {}, "tag-names": names}, ensure_ascii=False)
    outputs = {"tags": separator.join(tags), "version": version, "json": said}
    outputs |= {"tag-names": separator.join(names)}
    outputs["labels"] = unknown.mark("labels", unknown.SOME)
    outputs["annotations"] = unknown.mark("annotations", unknown.SOME)
    return Done(outputs=outputs)


def _build_push(machine: Machine, inputs: Inputs) -> Done:
    tags = [
        each.strip()
        for line in metadata.entries(inputs.get("tags", ""))
        for each in line.split(",")
    ]
    outputs = metadata.entries(inputs.get("outputs", ""))
    outputs += ["type=registry"] if inputs.get("push", "").lower() == "true" else []
    outputs += ["type=docker"] if inputs.get("load", "").lower() == "true" else []
    had = machine.checked_out
    machine.checked_out |= not inputs.get("context") or "://" in inputs.get("context", "")
    if inputs.get("target") and not inputs.get("file"):
        machine.note(f"the Dockerfile has no stage called {inputs['target']}")
        return Done(False)
    outcome, mark = engine_command.built(
        machine, [tag for tag in tags if tag], outputs, separate=machine.separate_builder
    )
    machine.checked_out = had
    data = unknown.mark("build metadata", unknown.SOME)
    return Done(not outcome.code, {"imageid": mark, "digest": mark, "metadata": data})


def _upload(machine: Machine, inputs: Inputs) -> Done:
    wanted = metadata.entries(inputs.get("path", ""))
    names = {each.rstrip("/").rpartition("/")[2] for each in wanted}
    is_folder = any(name not in machine.files for name in names)
    kept = {name: file for name, file in machine.files.items() if name in names or is_folder}
    machine.world.artifacts.setdefault(inputs.get("name") or "artifact", {}).update(kept)
    return Done()


def _download(machine: Machine, inputs: Inputs) -> Done:
    name = inputs.get("name", "")
    if name and name not in machine.world.artifacts:
        machine.note(f"no earlier job uploaded an artifact called {unknown.shown(name)[:60]}")
        return Done(False)
    for each, files in machine.world.artifacts.items():
        if not name or each == name:
            machine.files.update(files)
    return Done()


def _cache(machine: Machine, inputs: Inputs) -> Done:
    key = f"cache {inputs.get('key', '')}"
    machine.files.update(machine.world.artifacts.get(key, {}))
    machine.world.artifacts[key] = machine.files
    hit = unknown.mark("cache hit")
    return Done(outputs={"cache-hit": hit})


_KNOWN: Mapping[str, Callable[[Machine, Inputs], Done]] = {
    "actions/checkout": _checkout,
    "docker/setup-buildx-action": _buildx,
    "docker/login-action": _login,
    "azure/docker-login": _login,
    "redhat-actions/podman-login": _login,
    "aws-actions/amazon-ecr-login": _login,
    "docker/metadata-action": _metadata,
    "docker/build-push-action": _build_push,
    "actions/upload-artifact": _upload,
    "actions/download-artifact": _download,
    "actions/cache": _cache,
    "actions/cache/save": _cache,
    "actions/cache/restore": _cache,
}
