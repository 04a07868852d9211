"""Section 2: a health endpoint, and a service that waits for a healthy one."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from floor.script import Script, status_is
from grader import compose
from grader.compose import Service, project
from grader.engine import cliplugins
from grader.engine.image import NANOSECONDS
from grader.engine.sandbox import LIMITS

OBSERVED: frozenset[str] = frozenset()
"""Exercises whose processes are looked at."""

PREDICT = ("/predict", "POST", b'{"features": [1.0, 2.0, 3.0]}')
ARRIVED, WEIGHTS = "/data/arrived", "/data/weights.bin"
PAUSE_SECONDS = 0.03
"""Between two looks, as in the checks: the service needs the processor meanwhile."""


def health_endpoint(script: Script) -> None:
    container = script.start(Env=["LOAD_SECONDS=4"])
    script.request("/health")
    script.has_file(container, WEIGHTS)
    script.execute(container, "touch", ARRIVED)
    while not script.has_file(container, WEIGHTS):
        time.sleep(PAUSE_SECONDS)
    _ask_until(script, 200, "/health")
    for _ in range(3):
        script.request(*PREDICT)
    together = [script.send("/health") for _ in range(12)]
    together.append(script.send(*PREDICT))
    for number in together:
        script.pod.receive(number)
    script.execute(container, "rm", "-f", WEIGHTS)
    _ask_until(script, 503, "/health")
    script.start(Env=["LOAD_SECONDS=0", "REQUIRE_GPU=1"])
    script.request("/health")
    _ask_until(script, 200, *PREDICT)
    script.request("/health")


def _ask_until(script: Script, status: int, *request: Any) -> None:
    while script.request(*request).get("status") != status:
        time.sleep(PAUSE_SECONDS)


def compose_health(script: Script) -> None:
    file = compose.read(script.exercise.solved["compose.yaml"], run=("scorer", "gateway"))
    services = {name: file.service(name) for name in ("gateway", "scorer")}
    needs = {name: file.asked[name].get("depends_on") for name in services}
    loads, broken = f"floor-{time.time_ns()}-loads", f"floor-{time.time_ns()}-broken"
    with tempfile.TemporaryDirectory() as folder:
        scenes = ((loads, "LOAD_SECONDS=1.5", 60), (broken, "BROKEN=1", 1))
        comes_up, gives_up = (
            _up(script, name, _written(script, services, needs, variable, retries), Path(folder))
            for name, variable, retries in scenes
        )
        script.until(f"{loads}-scorer-1", status_is("healthy"))
        script.until(f"{loads}-gateway-1", lambda data: bool(data["State"]["Running"]))
        script.until(f"{broken}-scorer-1", status_is("unhealthy"))
        gives_up.wait()
        script.client.inspect_container(f"{broken}-gateway-1")
        comes_up.wait()


def _written(
    script: Script,
    services: Mapping[str, Service],
    needs: Mapping[str, Any],
    variable: str,
    retries: int,
) -> dict[str, Any]:
    """The services for Compose: the scorer with ``variable`` and quick times."""
    engine = SimpleNamespace(facts=SimpleNamespace(cpus=2))
    bench: Any = SimpleNamespace(engine=engine, limits=LIMITS, session=SimpleNamespace(labels={}))
    image: Any = SimpleNamespace(id=script.image, volumes=())
    written = {
        name: project.written(bench, image, service, needs[name])
        for name, service in services.items()
    }
    check = services["scorer"].config["Healthcheck"]
    written["scorer"]["environment"] = [variable]
    written["scorer"]["healthcheck"] = project.health_check(
        check["Test"],
        retries=retries,
        interval=0.2,
        timeout=check["Timeout"] / NANOSECONDS,
        start_period=0.001,
    )
    return written


def _up(
    script: Script, name: str, services: Mapping[str, Any], folder: Path
) -> subprocess.Popen[bytes]:
    for service in services:
        script.owns(f"{name}-{service}-1")
    command = ["docker", "compose", "-p", name, "-f", "-", "up", "-d", "--no-build", "--pull=never"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=cliplugins.environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin
    with process.stdin as stdin:
        stdin.write(json.dumps({"services": services}).encode())
    return process
