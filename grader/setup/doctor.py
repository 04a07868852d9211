"""What this machine has for the lab, what it lacks, and what to do about it. Changes nothing."""

from __future__ import annotations

import json
import platform
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from grader.engine import bases, client, location, unfit
from grader.engine.client import Engine, EngineFacts
from grader.engine.location import Location
from grader.engine.unfit import Unfit
from grader.setup import images, programs
from grader.setup import platform as systems
from grader.setup.finding import Finding, number
from grader.verdict.outcome import EngineError

LOW_DISK_BYTES = 5_000_000_000

RUNC_FIXED = ((1, 2, 8), (1, 3, 3), (1, 4, 0))
"""First releases of each series without CVE-2025-31133, -52565 and -52881 (runc's advisories)."""
RUNC_FD_LEAK_FIXED = (1, 1, 12)
"""First release without CVE-2024-21626."""
BUILDKIT_FIXED = (25, 0, 2)
"""First engine with a BuildKit without CVE-2024-23651, -23652 and -23653 (Docker's advisory)."""
_UPSTREAM = re.compile(r"v\d.*|[0-9a-f]{7,}|")
"""A commit as runc's own builds tell it; a distribution's builds tell their package there."""


def examine() -> list[Finding]:
    """Look at everything that the lab needs. Never raises for what is missing."""
    findings = [_python()]
    place = location.find()
    try:
        findings += _of_engine(client.connect(place), place)
    except Unfit as error:
        findings.append(Finding("engine", "missing", error.found, _next_step(error)))
    except EngineError as error:
        findings.append(Finding("engine", "missing", str(error), "Try again; then see its log."))
    return [*findings, *programs.look()]


def _next_step(error: Unfit) -> str:
    """What to do on this very system, where there is no engine at all."""
    return systems.advice(systems.detect()) if error.advice == unfit.MENDS else error.advice


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


def _of_engine(connected: Engine, place: Location) -> Iterator[Finding]:
    facts = connected.facts
    info = connected.information()
    version = number(facts.version)
    has_holes = bool(version) and version < BUILDKIT_FIXED
    yield Finding(
        "engine",
        "warn" if has_holes else "ok",
        f"{facts.version}, API {facts.api}, at {place}",
        "Its BuildKit has known escapes (CVE-2024-23651 to -23653): use 25.0.2 or newer, and a "
        "machine you can throw away for answers of strangers."
        if has_holes
        else "",
    )
    if not place.socket:
        yield _remote(place)
    if facts.rootless:
        yield _rootless(facts.gpu)
    yield Finding("image store", "ok", _store(facts, info.get("Driver")))
    yield _runc(*connected.component("runc"))
    yield from _images(connected)
    yield _cgroup(facts.cgroup, facts.cgroup_driver, limits_cpus=facts.cpu_limits)
    yield _swap(facts.swap)
    if facts.gpu or not facts.rootless:
        yield _gpu(facts.gpu)
    if place.socket and info.get("Name") == socket.gethostname():
        yield _disk(Path(str(info.get("DockerRootDir") or "/")))


def _remote(place: Location) -> Finding:
    advice = (
        "Answers are graded there as here; ports that you publish by hand are that machine's. "
        "Whoever reaches the engine's port owns it: leave it open to nobody else."
    )
    return Finding("remote engine", "warn", f"reached over the network, {place.url}", advice)


def _rootless(has_gpu: bool) -> Finding:
    advice = "Everything is judged as elsewhere"
    if not has_gpu:
        advice += (
            ", but the checks of gpu_visibility that give a container GPUs: those are skipped, and "
            "its report is incomplete"
        )
    return Finding("rootless", "ok" if has_gpu else "warn", "the engine has no root", advice + ".")


def _store(facts: EngineFacts, driver: object) -> str:
    """Where images lie: sizes, ids and ``docker save`` differ between the two."""
    if facts.store == "containerd":
        return f"containerd's image store, snapshotter {driver}"
    return f"Docker's classic store, driver {driver}"


def _runc(version: str, commit: str) -> Finding:
    """The engine's own runc; the one on this machine's PATH may be another."""
    if not version:
        return Finding("runc", "ok", "the engine doesn't tell its version")
    package = "" if _UPSTREAM.fullmatch(commit) else commit
    told = number(version)
    name = version + (f" (package {package})" if package else "")
    is_newer = told >= RUNC_FIXED[-1]
    if is_newer or any(told[:2] == fixed[:2] and told >= fixed for fixed in RUNC_FIXED):
        return Finding("runc", "ok", name)
    holes = "CVE-2025-31133, -52565 and -52881"
    if told < RUNC_FD_LEAK_FIXED and not package:
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
    for name, tag in (("inspector", bases.inspector_tag()), ("stage", bases.stage_tag())):
        if images.labels(connected, tag) is None:
            yield Finding(name, "missing", f"no image {tag}", "./lab setup")
        else:
            yield Finding(name, "ok", tag)


def _cgroup(version: int, driver: str, *, limits_cpus: bool) -> Finding:
    found = f"version {version}, driver {driver}"
    if limits_cpus:
        return Finding("cgroup", "ok", found)
    return Finding(
        "cgroup",
        "warn",
        f"{found}, CPU time isn't limited",
        "Checks on CPU limits are skipped. A rootless engine has to be given the cpu controller: "
        "https://docs.docker.com/engine/security/rootless/#limiting-resources",
    )


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
