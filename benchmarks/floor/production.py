"""The production image and the production service: several things looked at side by side."""

from __future__ import annotations

import io
import secrets
import tarfile
from typing import Any

from floor import contents
from floor.script import Script, status_is
from grader import compose
from grader.engine.bases import SLIM
from grader.judging import health, leaks
from grader.probe import buildtools

OBSERVED = frozenset({"production_image", "production_service"})
"""Exercises whose processes are looked at."""

TMP = "rw,nosuid,nodev,size=64m"
IMAGE = health.gentle(5.0, 0.5)["Healthcheck"]
SERVICE = health.gentle(5.0, 2.0)["Healthcheck"]
SELDOM = {**health.LISTENS, "StartInterval": health.NS // 2}
FEATURES = b'{"features": [1.0, 2.0, 3.0]}'


def production_image(script: Script) -> None:
    given = script.exercise.given
    needles = {**leaks.needles(given, (".env", "credentials.json")), **buildtools.MARKS}
    _ = script.image
    starting = script.beside(_start_readonly, script)
    reading = script.beside(contents.read, script, needles)
    changed = {"app.py": given["app.py"] + b"\n# changed\n"}
    rebuilding = script.beside(script.build, changed)
    reading()
    script.client.inspect_image(SLIM)
    container = starting()
    script.look(container)
    script.until(container, status_is("healthy"))
    script.request("/break", "POST")
    script.until(container, status_is("unhealthy"))
    script.request("/repair", "POST")
    request = secrets.token_hex(8)
    script.request("/predict", "POST", FEATURES, headers={"X-Request-Id": request})
    _await_line(script, container, request.encode())
    script.request("/whoami")
    script.look(container)
    script.stop_busy(container)
    rebuilding()


def _start_readonly(script: Script) -> str:
    container = script.start({"ReadonlyRootfs": True, "Tmpfs": {"/tmp": TMP}}, Healthcheck=IMAGE)
    script.request("/health")
    return container


def _await_line(script: Script, container: str, text: bytes) -> None:
    stream = script.client.logs(container, stream=True, follow=True)
    next(line for line in stream if text in line)
    stream.close()


def production_service(script: Script) -> None:
    service = compose.read(script.exercise.solved["compose.yaml"]).service()
    secret = leaks.needles(script.exercise.given, (".env", "api_key.txt"))
    _ = script.image
    reading = script.beside(contents.read, script, {**secret, **buildtools.MARKS})
    config = dict(service.config)
    config["Env"] = [*config.get("Env", ()), "TZ=Asia/Kathmandu"]
    probe = {**config.pop("Healthcheck", {}), **SERVICE}
    refusing = script.beside(_live_without_key, script, service.sandboxed, config)
    key = secrets.token_hex(16)
    mounts = [*service.sandboxed["Mounts"], {"Type": "volume", "Target": "/run/secrets"}]
    keyed = {**service.sandboxed, "Mounts": mounts}
    config["Healthcheck"] = probe
    _live_without_model(script, {**keyed, "RestartPolicy": {"Name": "no"}}, config, key)
    container = script.start(keyed, _archive(key), place="/run/secrets", **config)
    script.request("/health")
    script.look(container)
    reading()
    script.client.inspect_image(SLIM)
    script.request("/health")
    script.until(container, status_is("healthy"))
    refusing()
    shown = {"Authorization": f"Bearer {key}"}
    named = {**shown, "X-Request-Id": secrets.token_hex(8)}
    script.request("/predict", "POST", FEATURES, headers=named)
    script.request("/predict", "POST", b'{"features": "many"}', headers=shown)
    script.request("/nowhere")
    script.request("/predict", "POST", FEATURES)
    script.request("/predict", "POST", FEATURES, headers={"Authorization": f"Bearer {key}x"})
    script.usage(container)
    script.look(container)
    slow = script.send("/slow?seconds=1.5")
    script.pod.ask("accepted", port=8000, timeout=10.0)
    stopping = script.beside(script.client.stop, container)
    script.look(container)
    script.pod.receive(slow)
    stopping()
    script.client.logs(container)


def _live_without_key(script: Script, host: dict[str, Any], config: dict[str, Any]) -> None:
    container = script.start(host, beside=True, **{**config, "Healthcheck": SELDOM})
    script.wait(container)
    script.until(container, _has_come_back)
    script.client.remove_container(container, force=True, v=True)
    script.made.remove(container)


def _has_come_back(data: dict[str, Any]) -> bool:
    state = data["State"]
    return data["RestartCount"] > 0 and state["Running"] and not state["Restarting"]


def _live_without_model(
    script: Script, host: dict[str, Any], config: dict[str, Any], key: str
) -> None:
    """Until two whole runs of the health check are over: when the third begins."""
    environment = [*config["Env"], "MODEL_PATH=/nonexistent/model.json", "LOG_LEVEL=error"]
    config = {**config, "Env": environment}
    container = script.start(host, _archive(key), place="/run/secrets", **config)
    script.request("/health")
    filters = {"container": container, "event": "exec_create"}
    probes = script.client.events(filters=filters, decode=True)
    for _ in range(3):
        next(probes)
    probes.close()
    script.client.inspect_container(container)
    script.client.logs(container)


def _archive(key: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("api_key")
        entry.size, entry.mode = len(key), 0o444
        archive.addfile(entry, io.BytesIO(key.encode()))
    return buffer.getvalue()
