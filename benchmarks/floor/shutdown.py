"""Section 4: what was begun is finished, within the time that docker stop gives."""

from __future__ import annotations

import time

from floor.script import Script, status_is
from grader import compose
from grader.judging.health import LISTENS

OBSERVED: frozenset[str] = frozenset()
"""Exercises whose processes are looked at."""

PAUSE_SECONDS = 0.03
"""Between two requests to a service that stops, as in the checks."""


def drain_requests(script: Script) -> None:
    others = {kind: script.start(beside=True, StopTimeout=5) for kind in ("endless", "idle")}
    connected = [
        script.beside(script.execute, container, "python", "client.py", kind)
        for kind, container in others.items()
    ]
    container = script.start(StopTimeout=5)
    script.request("/health")
    for is_connected in connected:
        is_connected()
    batch = script.send("/batch", "POST", b'{"id": "a", "rows": [[1.0, 2.0, 3.0]]}')
    script.pod.ask("accepted", port=8000, timeout=10.0)
    script.request("/health", timeout=0.3, wait=0.0)
    stopping = [script.beside(script.client.stop, each) for each in (container, *others.values())]
    while "error" not in script.request("/health", timeout=0.5, wait=0.0):
        time.sleep(PAUSE_SECONDS)
    script.pod.receive(batch)
    for has_ended in stopping:
        has_ended()
    script.has_file(container, "/data/scores.journal")
    for each in (container, *others.values()):
        script.client.inspect_container(each)


def grace_period(script: Script) -> None:
    service = compose.read(script.exercise.solved["compose.yaml"]).service()
    config = {**service.config, "Env": ["HANG=1"], "Healthcheck": LISTENS}
    hung = script.start(service.sandboxed, beside=True, **config)
    script.until(hung, status_is("healthy"))
    hung_ends = script.beside(script.client.stop, hung)
    container = script.start(service.sandboxed, **service.config)
    script.request("/health")
    batch = script.send("/batch", "POST", b'{"rows": [[1.0, 2.0, 3.0]]}')
    script.pod.ask("accepted", port=8000, timeout=10.0)
    ends = script.beside(script.client.stop, container)
    script.pod.receive(batch)
    ends()
    hung_ends()
    for each in (container, hung):
        script.client.inspect_container(each)
