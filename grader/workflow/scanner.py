"""Scanners by their command lines and inputs: what they look at, and which findings stop them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from grader.workflow.option import Options
from grader.workflow.option import read as read_options
from grader.workflow.option import words as words_of

LEVELS = ("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")
_GRYPE = {"negligible": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
_FLAGS = words_of(
    "--ignore-unfixed --no-progress --quiet -q --debug -d --insecure --list-all-pkgs --only-fixed "
    "--only-package-types --exit-code-only --download-db-only --skip-db-update --offline-scan "
    "--removed-pkgs --dependency-tree --show-suppressed --reset --json --by-cve --add-cpes-if-none "
    "--light --light-scan -v -vv --verbose --epss --ignore-base --details --clear-cache "
    "--skip-java-db-update --skip-update --exclude-base-image-vulns --app-vulns --clear "
    "--skip-check-update --disable-telemetry --print-deps --fail-unfixed"
)


@dataclass(frozen=True)
class Scan:
    """``target`` is an image's name or an archive's; ``stops_on`` the severities that fail it."""

    target: str
    stops_on: frozenset[str]


def above(level: str) -> frozenset[str]:
    index = _GRYPE.get(level.strip().lower(), len(LEVELS))
    return frozenset(LEVELS[index:])


def of_trivy(target: str, exit_code: str, severity: str) -> Scan:
    asked = {
        each.strip().upper() for each in severity.replace("\n", ",").split(",") if each.strip()
    }
    stops = exit_code.strip() not in ("", "0")
    return Scan(target, frozenset(asked or LEVELS) if stops else frozenset())


def command(words: list[str], env: Mapping[str, str]) -> Scan | None:
    """The scan of an image that a command line asks for; None for anything else."""
    name = words[0].rpartition("/")[2]
    if name == "docker" and words[1:2] == ["scout"]:
        return _scout(words[2:])
    readers = {"trivy": _trivy, "grype": _grype, "snyk": _snyk, "clairctl": _clair}
    return readers[name](words[1:], env) if name in readers else None


def _trivy(words: list[str], env: Mapping[str, str]) -> Scan | None:
    options = read_options(words, _FLAGS)
    kind, *targets = options.positional or [""]
    if kind not in ("image", "i", "sbom"):
        return None
    given = options.get("--input", "-i") or env.get("TRIVY_INPUT", "")
    return of_trivy(
        given or (targets or words[-1:] or [""])[0],
        options.get("--exit-code") or env.get("TRIVY_EXIT_CODE", ""),
        options.get("--severity", "-s") or env.get("TRIVY_SEVERITY", ""),
    )


def _grype(words: list[str], env: Mapping[str, str]) -> Scan | None:
    options = read_options(words, _FLAGS)
    target = (options.positional or [""])[0]
    kind, separator, rest = target.partition(":")
    if separator and kind in ("dir", "file", "purl"):
        return None
    if separator and kind in ("docker", "registry", "podman", "docker-archive", "sbom"):
        target = rest
    level = options.get("--fail-on", "-f") or env.get("GRYPE_FAIL_ON_SEVERITY", "")
    return Scan(target, above(level))


def _scout(words: list[str]) -> Scan | None:
    options = read_options(words, _FLAGS | {"--exit-code", "-e"})
    if options.positional[:1] not in (["cves"], ["cve"]):
        return None
    severities = options.get("--only-severity", "--only-severities")
    stops = options.has("--exit-code", "-e")
    target = (options.positional[1:] or [""])[0].partition("://")
    return of_trivy(target[2] or target[0], "2" if stops else "", severities)


def _snyk(words: list[str], env: Mapping[str, str]) -> Scan | None:
    options = read_options(words, _FLAGS)
    if options.positional[:2] != ["container", "test"]:
        return None
    return Scan(
        (options.positional[2:] or [""])[0], above(options.get("--severity-threshold") or "low")
    )


def _clair(words: list[str], env: Mapping[str, str]) -> Scan | None:
    options: Options = read_options(words, _FLAGS)
    return Scan((options.positional[1:] or [""])[0], frozenset())


def action(name: str, inputs: Mapping[str, str]) -> Scan | None:
    """The scan of an image that an action does; None for any other action."""
    match name:
        case "aquasecurity/trivy-action":
            if inputs.get("scan-type", "image") != "image":
                return None
            target = inputs.get("input") or inputs.get("image-ref", "")
            return of_trivy(target, inputs.get("exit-code", ""), inputs.get("severity", ""))
        case "anchore/scan-action":
            target = inputs.get("image") or inputs.get("sbom", "")
            if not target or inputs.get("fail-build", "true").lower() != "true":
                return Scan(target, frozenset()) if target else None
            return Scan(target, above(inputs.get("severity-cutoff") or "medium"))
        case "docker/scout-action":
            if "cves" not in inputs.get("command", ""):
                return None
            target = inputs.get("image", "").rpartition("://")[2]
            stops = inputs.get("exit-code", "").lower() == "true"
            return of_trivy(target, "1" if stops else "", inputs.get("only-severities", ""))
        case "snyk/actions/docker":
            words = ["container", "test", inputs.get("image", ""), *_split(inputs.get("args", ""))]
            return _snyk(words, {})
    return None


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
