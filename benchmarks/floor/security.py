"""Section 1: who a service is, what it may do, and what its image holds."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from floor.script import Script
from grader import bases, buildtools, compose, layers
from grader import image as images
from grader.engine import Engine
from grader.sandbox import LIMITS

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
    _read_layers(script, buildtools.MARKS)


def build_secrets(script: Script) -> None:
    _read_layers(script, script.canaries.needles)
    script.start(files=script.canaries.run_files)
    script.request("/health")
    script.request("/licence")
    script.request("/sign", "POST", b'{"nonce": "a number used once"}')


def _read_layers(script: Script, needles: Mapping[str, bytes]) -> None:
    """The image's layers and its file system, read by the grader's own reader, which is given no
    more than a client. It asks for some images more than once; here each is asked for once."""
    engine: Any = Engine(script.client, {})
    engine.facts = SimpleNamespace(cpus=2)
    engine.image = functools.cache(engine.image)
    engine.history = functools.cache(engine.history)
    session = SimpleNamespace(labels={}, owns=script.owns)
    bench: Any = SimpleNamespace(engine=engine, session=session, limits=LIMITS, later=script.beside)
    found = layers.read(bench, images.inspect(engine, script.image), needles)
    layers.filesystem(bench, found)
