"""What a build failed for that only the lab lacks: a package, a network, a newer frontend.

A build here has no network and finds packages in the lab's own stores (docker/base). What isn't
there fails with the tool's own words; they are read here, so that nobody pays for it. Words that
the Dockerfile holds itself are the learner's, not a tool's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.engine import stocked
from grader.verdict.outcome import NotInLab

_PIP = (
    re.compile(r"No matching distribution found for ([\w.\[\],<>=!~ -]+)"),
    re.compile(r"Because ([\w.-]+) was not found in the"),
    re.compile(r"Because there (?:is|are) no versions? of ([\w.-]+(?:[=<>!~]+[\w.]+)?)"),
    re.compile(r"No solution found when resolving .*?: *([\w.-]+)"),
)
_APT = (
    re.compile(r"E: Unable to locate package (\S+)"),
    re.compile(r"E: Package '?([^'\s]+)'? has no installation candidate"),
    re.compile(r"E: Version '(?P<version>[^']*)' for '(?P<name>[^']+)' was not found"),
)
_NETWORK = re.compile(
    r"Temporary failure in name resolution|Temporary failure resolving|Could not resolve host"
    r"|unable to resolve host address|Name or service not known|Network is unreachable"
    r"|getaddrinfo EAI_AGAIN|NameResolutionError|nodename nor servname|dns error"
    r"|dial tcp: lookup|Failed to establish a new connection|Could not resolve proxy",
    re.IGNORECASE,
)
_UPDATES = re.compile(r"\bapt(-get)?\b[^\n;&|]*\bupdate\b")
_FRONTEND = (
    (re.compile(r"unexpected key 'env' in 'env="), "secrets as variables (env=)", "1.10"),
    (re.compile(r"unknown flag: (?:--)?exclude\b"), "--exclude", "1.19"),
    (re.compile(r"unknown flag: (?:--)?parents\b"), "--parents", "1.20"),
    (re.compile(r"unknown flag: (?:--)?unpack\b"), "--unpack", "1.17"),
    (re.compile(r"unknown flag: (?:--)?start-interval\b"), "--start-interval", "1.6"),
    (re.compile(r"unknown flag: (?:--)?device\b"), "--device", "1.14-labs"),
    (re.compile(r"unknown flag: (?:--)?security\b"), "--security", "1.3-labs"),
)
"""What BuildKit's frontend says of an option that it doesn't know yet (its versions differ about
the dashes), and the version of docker/dockerfile that does (its release notes)."""

HOW = "An instructor can add it (docs/instructors.md, Packages)."


def found(reason: str, output: Sequence[str], place: str, text: str) -> NotInLab | None:
    """What the lab lacks, or None where the build failed for another reason.

    ``reason`` is BuildKit's, ``output`` what the step printed, ``place`` the line's own words for
    the message, ``text`` the Dockerfile.
    """
    for pattern, what, version in _FRONTEND:
        if pattern.search(reason):
            return NotInLab(
                f"{place}BuildKit here doesn't know {what}: that takes the frontend "
                f"docker/dockerfile:{version} or newer, and the lab fetches none. Write it "
                "without. Nothing was scored."
            )
    said = "\n".join(output)
    for pattern in _PIP:
        if asked := _asked(pattern, said, text):
            return _lacks(place, "python", f"store of Python packages has no {asked}", asked)
    for pattern in _APT:
        if (asked := _asked(pattern, said, text)) and _UPDATES.search(text):
            return _lacks(place, "debian", f"archive has no Debian package {asked}", asked)
    if (match := _NETWORK.search(said)) and match[0] not in text:
        return NotInLab(
            f"{place}This step reaches for a network ({match[0]}), and grading builds have none. "
            "Take what the lab has, or what lies in the folder. Nothing was scored."
        )
    return None


def _asked(pattern: re.Pattern[str], said: str, text: str) -> str:
    """The package that a tool says it can't find; empty where it says nothing of the kind."""
    match = pattern.search(said)
    if match is None or said[match.start() : match.start(1)].strip() in text:
        return ""
    version = match.groupdict().get("version")
    asked = f"{match['name']}={version}" if version else match[1]
    return asked.strip()[:80]


def _lacks(place: str, kind: stocked.Kind, what: str, asked: str) -> NotInLab:
    return NotInLab(
        f"{place}The lab's {what}: grading builds have no network. {stocked.instead(kind, asked)} "
        f"{HOW} Nothing was scored."
    )
