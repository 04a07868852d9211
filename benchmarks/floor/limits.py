"""Resource limits: what the kernel holds a container to, and what it does about it."""

from __future__ import annotations

import time

from floor.script import Script
from grader import compose
from grader.engine import permitted

OBSERVED = frozenset({"cpu_limit", "compose_limits"})
"""Exercises whose processes are looked at."""

MOST_SHARES = 262_144
SETTLED_SECONDS = 0.5
"""After a container was made: an OOM kill that comes sooner may go unnoticed."""


def cpu_limit(script: Script) -> None:
    command = script.command()
    host = {**permitted.capped(command.host), "CpuShares": MOST_SHARES}
    container = script.start(host, **command.config)
    script.request("/health")
    throttled = 0
    while not throttled:  # on a busy machine it takes a while until the limit is reached
        before = script.usage(container)
        script.request("/batch?seconds=0.6", "POST")
        throttled = script.usage(container)["throttled_periods"] - before["throttled_periods"]


def compose_limits(script: Script) -> None:
    service = compose.read(script.exercise.solved["compose.yaml"]).service()
    host = service.sandboxed
    host["MemorySwap"] = host["Memory"]
    container = script.start(host, **service.config)
    script.request("/health")
    script.usage(container)
    script.request("/predict", "POST", b'{"rows": [%s]}' % b", ".join([b"[1.0, 2.0, 3.0]"] * 8))
    time.sleep(max(0.0, script.created + SETTLED_SECONDS - time.monotonic()))
    script.request("/leak?mib=640", "POST")
    script.until(container, lambda data: not data["State"]["Running"])
