"""The core exercises: one of each kind of check that the course has."""

from __future__ import annotations

import time

from floor.script import Script, status_is
from grader.engine import nvidia_smi, permitted
from grader.engine.gpu import ALL, simulated
from grader.judging import health

OBSERVED = frozenset({"nonroot_user", "signal_delivery", "memory_limit"})
"""Exercises whose processes are looked at."""


def nonroot_user(script: Script) -> None:
    container = script.start()
    script.request("/health")
    for _ in range(3):
        script.look(container)
    script.request("/predict", "POST", b'{"features": [1, 2, 3]}')


def healthcheck_instruction(script: Script) -> None:
    slow = health.settings(3, Interval=3.0, Timeout=6.0, StartPeriod=4.0, StartInterval=0.5)
    container = script.start(**health.quick(5.0))
    script.request("/health")
    script.until(container, status_is("healthy"))
    loading = script.start(beside=True, **slow, Env=["STARTUP_SECONDS=2"])
    for action, status in (("/break", "unhealthy"), ("/repair", "healthy"), ("/hang", "unhealthy")):
        script.request(action, "POST")
        script.until(container, status_is(status))
    script.until(loading, status_is("healthy"))


def signal_delivery(script: Script) -> None:
    container = script.start()
    script.request("/health")
    script.request("/whoami")
    script.look(container)
    script.stop_busy(container)


def memory_limit(script: Script) -> None:
    command = script.command()
    container = script.start(permitted.capped(command.host))
    script.request("/health")
    script.usage(container)
    script.request("/predict", "POST", b'{"rows": [[1, 2, 3]]}')
    time.sleep(max(0.0, 0.5 - (time.monotonic() - script.created)))
    script.request("/leak?mib=600", "POST")
    script.until(container, lambda data: data["RestartCount"] > 0 and data["State"]["Running"])
    script.request("/health")


def gpu_visibility(script: Script) -> None:
    command = script.command()
    host = simulated()
    values = [f"CUDA_VISIBLE_DEVICES={value} python gpu_report.py" for value in "012345"]
    for requests, files, runs in (
        (command.host["DeviceRequests"], None, values[:1]),
        ([], None, values[:1]),
        ([ALL], None, values),
        ([], nvidia_smi.broken(), values[:1]),
    ):
        given = host.inject(requests)
        container = script.start(
            dict(given.host), files or given.files, Cmd=["sh", "-c", "; ".join(runs)]
        )
        script.wait(container)
        script.client.logs(container)


def json_logs(script: Script) -> None:
    for level in ("INFO", "DEBUG", "warning"):
        container = script.start(Env=[f"LOG_LEVEL={level}"])
        script.request("/health")
        for path in ("/predict", "/odd", "/fail"):
            script.request(path, "POST", b'{"features": [1, 2, 3]}')
        script.client.kill(container, "SIGTERM")
        script.wait(container)
        script.client.logs(container)
