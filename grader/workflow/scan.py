"""Scanners: trivy is the recorded one and really runs; of the others the exit code is known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grader import scanner as recorded
from grader.stage import Reply
from grader.workflow import archive, option, unknown
from grader.workflow.machine import Image, Machine
from grader.workflow.option import read as read_options

LEVELS = ("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")
_GRYPE = {"negligible": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
_FLAGS = option.words(
    "--quiet -q --only-fixed --json --by-cve --add-cpes-if-none -v -vv --verbose --details "
    "--exclude-base-image-vulns --app-vulns --print-deps --exit-code -e --only-fixed"
)
_RECORDINGS = "/stage/run/recordings.json"
_PROGRAM = (
    "import sys; sys.path.insert(0, '/opt'); from scanner import scan; "
    f"scan.RECORDINGS = '{_RECORDINGS}'; sys.exit(scan.main(sys.argv[1:]))"
)
_SWITCHES = frozenset(f"--{name}" for name, kind in recorded.options().items() if kind == "switch")
_WORLD = {"": "shop:clean", "HIGH": "shop:high", "CRITICAL": "shop:critical"}
TOOLS = option.words("trivy grype snyk clairctl docker-scout")


@dataclass(frozen=True)
class View:
    """Where a scanner runs: what it can read, and whether it sees the runner's engine."""

    read: Callable[[str], bytes | None]
    environment: Mapping[str, str]
    sees_engine: bool = True


def run(machine: Machine, words: list[str], view: View) -> Reply:
    """What the call of a scanner does."""
    match words[0]:
        case "trivy":
            return _trivy(machine, words, view)
        case "grype":
            given = read_options(words[1:], _FLAGS)
            return _report(machine, given.positional, _above(given.get("-f", "--fail-on")), view)
        case "docker-scout":
            given = read_options(words[1:], _FLAGS)
            if given.positional[:1] not in (["cves"], ["cve"]):
                return Reply()
            asked = given.get("--only-severity", "--only-severities").upper()
            levels = frozenset(filter(None, re.split(r"[,\s]+", asked))) or frozenset(LEVELS)
            stops = levels if given.has("--exit-code", "-e") else frozenset()
            return _report(machine, given.positional[1:], stops, view)
        case "snyk":
            given = read_options(words[1:], _FLAGS)
            if given.positional[:2] != ["container", "test"]:
                return Reply()
            stops = _above(given.get("--severity-threshold") or "low")
            return _report(machine, given.positional[2:], stops, view)
    given = read_options(words[1:], _FLAGS)
    return _report(machine, given.positional[1:], frozenset(), view)


def _above(level: str) -> frozenset[str]:
    return frozenset(LEVELS[_GRYPE.get(level.strip().lower(), len(LEVELS)) :])


def _trivy(machine: Machine, words: list[str], view: View) -> Reply:
    """The recorded scanner, which the call becomes; its finding is the scenario's."""
    given = read_options(words[1:], _SWITCHES | {"-q", "-d", "-v", "-h"})
    verb, *targets = given.positional or [""]
    line = list(words)
    if verb in ("image", "i"):
        if source := given.get("--input") or view.environment.get("TRIVY_INPUT", ""):
            targets = [source]
            at = next((i for i, each in enumerate(line) if each.startswith("--input")), -1)
            del line[at : at + 1 if "=" in line[at] else at + 2]
            line.append(source)
        if not targets:
            targets = [""]
        image, missing = _looked(machine, targets[0], view)
        if missing:
            return Reply(1, err=f"FATAL\tunable to find the specified image: {missing}\n")
        code = given.get("--exit-code") or view.environment.get("TRIVY_EXIT_CODE", "")
        if code in ("", "0"):
            machine.note("this scan reports and never fails: it has no exit code for findings")
        world = _WORLD[machine.world.failing.finding if image else ""]
        known = {targets[0]: recorded.recordings()[world]}
    elif verb in ("fs", "filesystem", "repo", "repository", "config", "rootfs", "sbom", "plugin"):
        target = given.get("-o", "--output")
        return Reply(files={target: "{}\n"} if target else {})
    else:
        known = {}
    environment = {key: value for key, value in view.environment.items() if key != "TRIVY_INPUT"}
    return Reply(
        files={_RECORDINGS: json.dumps(known, ensure_ascii=False)},
        become=("python3", "-ESs", "-c", _PROGRAM, *line[1:]),
        environment=environment,
    )


def _report(machine: Machine, targets: list[str], stops: frozenset[str], view: View) -> Reply:
    """A scanner that isn't recorded: its exit code, and a line about what it found."""
    image, missing = _looked(machine, (targets or [""])[0], view)
    if missing:
        return Reply(1, err=f"{missing}\n")
    if not stops:
        machine.note("this scan reports and never fails: it has no exit code for findings")
    found = machine.world.failing.finding if image else ""
    return Reply(int(found in stops), f"1 vulnerability: {found}\n" if found else "no findings\n")


def _looked(machine: Machine, target: str, view: View) -> tuple[Image | None, str]:
    """(the image that a scan looks at, if it is one of the run's; why there is none)."""
    name = re.sub(
        r"^(docker|registry|podman|image|docker-archive|oci-archive|sbom):(//)?", "", target
    )
    inside = archive.images(view.read(name), machine.world.builds)
    if inside:
        image: Image | None = frozenset(build for _, each in inside for build in each)
    else:
        image = (machine.local(name) if view.sees_engine else None) or machine.remote(name)
    if image is None:
        missing = machine.missing(name)
        if not view.sees_engine and machine.local(name):
            missing = "the scanner's container has no access to this runner's engine"
        if missing:
            machine.note(missing)
            return None, unknown.shown(missing)
    machine.add("scan", image or frozenset(), name)
    return image, ""
