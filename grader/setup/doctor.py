"""What this machine has for the lab, what it lacks, and what to do about it. Changes nothing."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from grader.engine import bases, client, cliplugins, location
from grader.engine.client import Engine
from grader.setup import images
from grader.setup import platform as systems
from grader.verdict.outcome import EngineError, GraderError

Level = Literal["ok", "warn", "missing"]
LOW_DISK_BYTES = 5_000_000_000

RUNC_FIXED = ((1, 2, 8), (1, 3, 3), (1, 4, 0))
"""First releases of each series without CVE-2025-31133, -52565 and -52881 (runc's advisories)."""
RUNC_FD_LEAK_FIXED = (1, 1, 12)
"""First release without CVE-2024-21626."""
ENGINE_FIXED = {24: (24, 0, 9), 25: (25, 0, 2)}
"""First releases with a BuildKit without CVE-2024-23651, -23652 and -23653 (Docker's advisory)."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what was found and, unless it is fine, what to do."""

    name: str
    level: Level
    found: str
    advice: str = ""


def examine() -> list[Finding]:
    """Look at everything that the lab needs. Never raises for what is missing."""
    findings = [_python()]
    try:
        connected = client.connect()
    except EngineError as error:
        advice = systems.advice(systems.detect())
        findings.append(Finding("engine", "missing", str(error).split(".")[0] + ".", advice))
    else:
        findings += _of_engine(connected)
    return [*findings, _buildx(), _compose()]


def is_ready(findings: list[Finding]) -> bool:
    return all(finding.level != "missing" for finding in findings)


def report(findings: list[Finding], *, as_json: bool) -> None:
    """Print the findings: JSON on stdout, or a table for people."""
    if as_json:
        ready = is_ready(findings)
        content = {"schema": 1, "ready": ready, "findings": [asdict(item) for item in findings]}
        print(json.dumps(content, ensure_ascii=False))
        return
    signs = {"ok": "✔", "warn": "!", "missing": "✘"}
    for finding in findings:
        print(f" {signs[finding.level]} {finding.name:16} {finding.found}")
        if finding.advice:
            print(f"   {'':16} → {finding.advice}")
    print("Ready." if is_ready(findings) else "Not ready: ./lab setup sets up what it may.")


def _python() -> Finding:
    version = platform.python_version()
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("python", "warn", version, "The lab is tested with Python 3.11 to 3.13.")
    return Finding("python", "ok", version)


def _of_engine(connected: Engine) -> Iterator[Finding]:
    info = connected.information()
    facts = connected.facts
    version = _number(facts.version)
    fixed = ENGINE_FIXED.get(version[0], (26, 0, 0))
    leak = version < fixed
    yield Finding(
        "engine",
        "warn" if leak else "ok",
        f"{facts.version}, API {facts.api}, storage {info.get('Driver')}, at "
        f"{location.address() or 'the default socket'}",
        "Its BuildKit has known escapes (CVE-2024-23651 to -23653): use 25.0.2 or newer, and a "
        "machine you can throw away for answers of strangers."
        if leak
        else "",
    )
    yield _runc(str(info.get("RuncCommit", {}).get("ID") or ""))
    yield from _images(connected)
    yield _cgroup(facts.cgroup, facts.cgroup_driver)
    yield _swap(facts.swap)
    yield _gpu(facts.gpu)
    yield _disk(Path(str(info.get("DockerRootDir") or "/")))


def _runc(commit: str) -> Finding:
    path = shutil.which("runc", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        return Finding("runc", "ok", f"not on this machine's PATH (commit {commit or 'unknown'})")
    text = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"version (\S+)", text)
    package = re.search(r"commit: (\S*deb\S*)", text)
    version = _number(found[1]) if found else (0,)
    name = (found[1] if found else "unknown") + (f" (package {package[1]})" if package else "")
    if any(version[:2] == fixed[:2] and version >= fixed for fixed in RUNC_FIXED):
        return Finding("runc", "ok", name)
    holes = "CVE-2025-31133, -52565 and -52881"
    if version < RUNC_FD_LEAK_FIXED and not package:
        holes = f"CVE-2024-21626, {holes}"
    advice = f"By its number it has known escapes ({holes}). "
    advice += (
        "Distributions mend old versions in place: see its package's changelog. "
        if package
        else "Update it to 1.2.8, 1.3.3 or newer. "
    )
    return Finding("runc", "warn", name, advice + "Answers of strangers belong on a spare machine.")


def _images(connected: Engine) -> Iterator[Finding]:
    lacking = images.missing(connected)
    if lacking:
        yield Finding("base images", "missing", f"lacking {', '.join(lacking)}", "./lab setup")
    else:
        origin = (images.labels(connected, bases.SLIM) or {}).get(images.ORIGIN, "unknown")
        what = "Debian stand-ins" if origin == "stand-in" else "on the official images"
        yield Finding("base images", "ok", f"{what}, version {images.version()}")
    tag = bases.inspector_tag()
    if images.labels(connected, tag) is None:
        yield Finding("inspector", "missing", f"no image {tag}", "./lab setup")
    else:
        yield Finding("inspector", "ok", tag)


def _cgroup(version: int, driver: str) -> Finding:
    return Finding("cgroup", "ok", f"version {version}, driver {driver}")


def _swap(accounted: bool) -> Finding:
    if accounted:
        return Finding("swap limits", "ok", "accounted for")
    return Finding(
        "swap limits",
        "warn",
        "the kernel doesn't account for swap",
        "Checks on swap are skipped. Boot with swapaccount=1 (cgroup version 1) to have them.",
    )


def _gpu(present: bool) -> Finding:
    if present:
        return Finding("gpu", "ok", "the engine offers NVIDIA devices")
    return Finding("gpu", "ok", "none: GPU exercises use the simulated GPU host")


def _disk(root: Path) -> Finding:
    while not root.exists():
        root = root.parent
    free = shutil.disk_usage(root).free
    found = f"{free / 1e9:.0f} GB free for the engine"
    if free < LOW_DISK_BYTES:
        return Finding("disk", "warn", found, "docker builder prune frees what old builds left.")
    return Finding("disk", "ok", found)


def _buildx() -> Finding:
    try:
        command = cliplugins.buildx()
    except EngineError:
        advice = systems.advice(systems.detect())
        return Finding("buildx", "missing", "not installed", advice)
    return Finding("buildx", "ok", _version([*command, "version"]))


def _compose() -> Finding:
    with contextlib.suppress(GraderError, subprocess.CalledProcessError):
        version = _version([*cliplugins.compose(), "version"], check=True)
        return Finding("compose", "ok", version)
    return Finding("compose", "warn", "not installed", "Compose exercises need docker-compose v2.")


def _version(command: list[str], *, check: bool = False) -> str:
    text = subprocess.run(command, capture_output=True, text=True, check=check).stdout
    found = re.search(r"v?(\d+\.\d+\.\d+)", text)
    return found[1] if found else "present"


def _number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text.split("+")[0].split("~")[0])[:3])
