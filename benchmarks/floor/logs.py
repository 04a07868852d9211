"""Logging: what the engine keeps of what a service prints, and where it sends it."""

from __future__ import annotations

import secrets

from floor.script import Script
from grader import compose
from grader.compose import logging
from grader.engine.client import Engine

OBSERVED: frozenset[str] = frozenset()
"""Exercises whose processes are looked at."""

FILE_BYTES, FILES = 5_000_000, 3
"""What the solution's log may take: bytes of a file, and files."""
WIDTH = 4000
FRAME = 110
"""Bytes that json-file adds to a line."""


def log_rotation(script: Script) -> None:
    service = compose.read(script.exercise.solved["compose.yaml"]).service()
    host = {**service.sandboxed, "LogConfig": service.host["LogConfig"]}
    container = script.start(host, **service.config, Labels=dict(service.labels))
    script.request("/health")
    count = int((FILES + 0.5) * FILE_BYTES) // (WIDTH + FRAME)
    script.request(f"/chatter?bytes={count * WIDTH}&width={WIDTH}", "POST")
    script.client.kill(container, "SIGKILL")
    script.wait(container)
    engine = Engine(script.client, {})  # docker-py can't ask for what is attached to a line
    engine.last_line(container)
    engine.first_line(container)


def central_logging(script: Script) -> None:
    volume = f"floor-{secrets.token_hex(8)}"
    script.volumes.append(volume)
    mount = {"Type": "volume", "Source": volume, "Target": "/collector"}
    collecting = script.beside(script.inspector, "collector", None, [mount])
    service = compose.read(script.exercise.solved["compose.yaml"]).service()
    collector = collecting()
    source = script.client.inspect_container(collector.id)["Mounts"][0]["Source"]
    asked = logging.delivered(service.host["LogConfig"], f"unix://{source}/socket")
    config = {**service.config, "Labels": dict(service.labels)}
    host = {**service.sandboxed, "LogConfig": asked}
    script.start(host, **config)
    script.request("/health")
    marker = f"request-{secrets.token_hex(6)}"
    for _ in range(3):
        script.request("/predict", "POST", b'{"name": "%s"}' % marker.encode())
    collector.ask("records", containing=marker, count=3, timeout=6.0)
    collector.ask("lost")
    try:
        script.request(f"/chatter?bytes={3000 * 1000}&width=1000", "POST")
        script.start(host, **config)
        for _ in range(2):
            script.request("/health")
    finally:
        collector.ask("found")  # the engine can't remove a container whose lines nobody takes
