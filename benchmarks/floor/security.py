"""Section 1: who a service is, what it may do, and what its image holds."""

from __future__ import annotations

from floor import contents
from floor.script import Script
from grader import compose
from grader.engine import bases
from grader.probe import buildtools

OBSERVED = frozenset({"readonly_rootfs", "drop_capabilities"})
"""Exercises whose processes are looked at."""

FEATURES = b'{"features": [1.0, 2.0, 3.0]}'


def readonly_rootfs(script: Script) -> None:
    service = compose.read(script.exercise.solved["compose.yaml"]).service()
    container = script.start(service.sandboxed, **service.config)
    script.request("/health")
    if script.observer:
        pid = script.client.inspect_container(container)["State"]["Pid"]
        script.observer.ask("mounts", pid=pid)
    for path in ("/app/data/planted", "/tmp/drydock-scratch"):
        script.execute(container, "sh", "-c", f"touch {path} && echo written; rm -f {path}")
    script.request("/predict", "POST", FEATURES)


def drop_capabilities(script: Script) -> None:
    service = compose.read(script.exercise.solved["compose.yaml"]).service()
    container = script.start({"SecurityOpt": [], **service.sandboxed}, **service.config)
    script.request("/health")
    script.look(container)
    script.request("/predict", "POST", FEATURES)
    script.request("/health", port=80)


def minimal_image(script: Script) -> None:
    script.start()
    script.request("/health")
    script.request("/predict", "POST", FEATURES)
    script.client.inspect_image(bases.SLIM)
    contents.read(script, buildtools.MARKS)


def build_secrets(script: Script) -> None:
    contents.read(script, script.canaries.needles)
    script.start(files=script.canaries.run_files)
    script.request("/health")
    script.request("/licence")
    script.request("/sign", "POST", b'{"nonce": "a number used once"}')
