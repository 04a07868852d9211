"""What known actions do to a job's images and files (``actions.toml``); all others do nothing, and
it is noted.

An action that runs a scanner or tests is a script with that program, run on the stage.
"""

from __future__ import annotations

import functools
import json
import shlex
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.stage import Node, file
from grader.workflow import archive, composed, engine_command, metadata, scan, unknown
from grader.workflow.composed import Composed
from grader.workflow.machine import Machine

Inputs = Mapping[str, str]
WORKSPACE = "/home/runner/work/scorer/scorer"

TELLING = (
    *("docker", "image", "push", "publish", "release", "deploy", "build", "container", "kaniko"),
)
"""Words in an unknown action's name that make a verdict about it impossible."""


@dataclass(frozen=True)
class Done:
    """How an action or script ended, what it put out, exported and printed."""

    went: bool = True
    outputs: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    printed: str = ""
    trace: str = ""


@functools.cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """What is known of actions, by their names in lower case."""
    found: Mapping[str, Mapping[str, Any]] = tomllib.loads(
        Path(__file__).with_name("actions.toml").read_text(encoding="utf-8")
    )["actions"]
    return found


def run(machine: Machine, name: str, inputs: Inputs, env: Mapping[str, str]) -> Done | Composed:
    """Do what an action does; ``name`` is without its version."""
    if name.startswith("docker://"):
        return _container(machine, name.removeprefix("docker://"), inputs)
    if name.startswith("./"):
        if any(path.startswith(f"{WORKSPACE}/{name[2:]}/action.y") for path in machine.files):
            machine.world.unfamiliar.add(name)
            return Done()
        machine.note(f"there is no action {name[:60]} in the repository")
        return Done(False)
    if (known := table().get(name)) is not None:
        machine.tools |= frozenset(known.get("installs", ()))
        does: str = known.get("does", "")
        if does in composed.KNOWN:
            return composed.KNOWN[does](machine, inputs) or Done()
        return _DOES[does](machine, inputs, env) if does else Done()
    if "login" in name or "auth" in name or "credentials" in name:
        return _login(machine, {}, env)
    if "pytest" in name or name.endswith(("/run-tests", "/tox-action", "/nox")):
        return composed.tests(machine, inputs)
    machine.note(f"the lab knows no effect of {name}")
    machine.world.unfamiliar.add(name)
    return _checkout(machine, inputs, env) if "checkout" in name else Done()


def _container(machine: Machine, image: str, inputs: Inputs) -> Done | Composed:
    words = inputs.get("args", "").split()
    tool = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    entry = inputs.get("entrypoint") or tool
    if entry in scan.TOOLS:
        machine.tools |= {entry}
        return Composed(shlex.join([entry, *words]))
    machine.note(f"the lab knows no effect of {image[:60]}")
    return Done()


def _checkout(machine: Machine, inputs: Inputs, env: Mapping[str, str]) -> Done:
    folder = f"{WORKSPACE}/{inputs.get('path', '')}".rstrip("/")
    machine.files[f"{folder}/.git"] = ("d",)
    for path, text in machine.world.repository.items():
        machine.files[f"{folder}/{path}"] = file(text.encode())
        for parent in Path(path).parents:
            machine.files[f"{folder}/{parent}".removesuffix("/.")] = ("d",)
    return Done()


def _buildx(machine: Machine, inputs: Inputs, env: Mapping[str, str]) -> Done:
    driver = inputs.get("driver") or "docker-container"
    if inputs.get("use", "true") != "false":
        machine.separate_builder = driver != "docker"
    machine.aliased |= inputs.get("install", "") == "true"
    return Done(outputs={"name": "builder", "driver": driver, "platforms": "linux/amd64"})


def _login(machine: Machine, inputs: Inputs, env: Mapping[str, str]) -> Done:
    needed = [inputs[key] for key in ("username", "password") if key in inputs]
    if any(unknown.is_empty(value) for value in needed):
        machine.note("can't log in: this event is given no secrets")
        return Done(False)
    machine.log_in(inputs.get("password", ""))
    return Done()


def _metadata(machine: Machine, inputs: Inputs, env: Mapping[str, str]) -> Done:
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


def _build_push(machine: Machine, inputs: Inputs, env: Mapping[str, str]) -> Done:
    entries = metadata.entries(inputs.get("tags", ""))
    tags = [each.strip() for line in entries for each in line.split(",") if each.strip()]
    outputs = metadata.entries(inputs.get("outputs", ""))
    outputs += ["type=registry"] if inputs.get("push", "").lower() == "true" else []
    outputs += ["type=docker"] if inputs.get("load", "").lower() == "true" else []
    context = inputs.get("context", "")
    path = f"{WORKSPACE}/{inputs.get('file') or context + '/Dockerfile'}"
    here = archive.normal(path) in machine.files
    if inputs.get("target") and not inputs.get("file"):
        machine.note(f"the Dockerfile has no stage called {inputs['target']}")
        return Done(False)
    code, mark, files = engine_command.built(
        machine,
        tags,
        outputs,
        separate=machine.separate_builder,
        present=not context or "://" in context or here,
    )
    for target, text in files.items():
        machine.files[archive.normal(target, WORKSPACE)] = file(text.encode())
    data = unknown.mark("build metadata", unknown.SOME)
    return Done(not code, {"imageid": mark, "digest": mark, "metadata": data})


def _buildah(machine: Machine, inputs: Inputs, env: Mapping[str, str]) -> Done:
    names = [f"{inputs.get('image', '')}:{tag}" for tag in inputs.get("tags", "latest").split()]
    here = f"{WORKSPACE}/Dockerfile" in machine.files
    code, _, _ = engine_command.built(machine, names, [], separate=False, present=here)
    return Done(not code, {"image": inputs.get("image", ""), "tags": inputs.get("tags", "latest")})


def _upload(machine: Machine, inputs: Inputs, env: Mapping[str, str]) -> Done:
    kept = archive.chosen(machine.files, metadata.entries(inputs.get("path", "")), WORKSPACE)
    name = inputs.get("name") or "artifact"
    if not kept and inputs.get("if-no-files-found") == "error":
        machine.note("there is no file to upload")
        return Done(False)
    if kept:
        machine.world.artifacts[name] = {**machine.world.artifacts.get(name, {}), **kept}
    return Done()


def _download(machine: Machine, inputs: Inputs, env: Mapping[str, str]) -> Done:
    name, pattern = inputs.get("name", ""), inputs.get("pattern", "")
    if name and name not in machine.world.artifacts:
        machine.note(f"no earlier job uploaded an artifact called {unknown.shown(name)[:60]}")
        return Done(False)
    folder = archive.normal(inputs.get("path") or ".", WORKSPACE)
    for each, files in machine.world.artifacts.items():
        if (not name or each == name) and archive.fits(each, pattern or each):
            apart = not name and inputs.get("merge-multiple", "").lower() != "true"
            _put(machine, files, f"{folder}/{each}" if apart else folder)
    return Done()


def _put(machine: Machine, files: Mapping[str, Node], folder: str) -> None:
    machine.files[folder] = ("d",)
    for path, node in files.items():
        for parent in reversed(Path(f"{folder}/{path}").parents):
            if str(parent).startswith(f"{folder}/"):
                machine.files[str(parent)] = ("d",)
        machine.files[f"{folder}/{path}"] = node


def _cache(machine: Machine, inputs: Inputs, env: Mapping[str, str]) -> Done:
    key = f"cache {inputs.get('key', '')}"
    paths = metadata.entries(inputs.get("path", ""))
    if held := machine.world.artifacts.get(key):
        machine.files.update(held)
    machine.world.artifacts[key] = dict(archive.under(machine.files, paths, WORKSPACE))
    return Done(outputs={"cache-hit": unknown.mark("cache hit")})


_DOES: Mapping[str, Callable[[Machine, Inputs, Mapping[str, str]], Done | Composed]] = {
    name.__name__.strip("_"): name
    for name in (
        *(_checkout, _buildx, _login, _metadata, _build_push, _buildah, _upload, _download),
        _cache,
    )
}
