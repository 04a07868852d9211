"""The names that docker/metadata-action makes for an image, from its inputs and the event.

https://github.com/docker/metadata-action#tags-input
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping

from grader.verdict.outcome import NotInLab
from grader.workflow import growth, unknown
from grader.workflow.trigger import Event

MAX_NAMES = 1000
_DEFAULT = "type=schedule\ntype=ref,event=branch\ntype=ref,event=tag\ntype=ref,event=pr"


def entries(text: str) -> list[str]:
    """A list input: one entry a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def tags(inputs: Mapping[str, str], event: Event) -> list[str]:
    """The full names, without duplicates and in order."""
    made: list[str] = []
    asked = entries(inputs.get("tags", "")) or entries(_DEFAULT)
    is_release = False
    for entry in asked:
        fields = _fields(entry)
        if fields.get("enable", "true").lower() == "false":
            continue
        tag = _tag(fields, event)
        if tag is None:
            continue
        is_release |= fields.get("type") in ("semver", "pep440", "match") or (
            fields.get("type") == "ref" and fields.get("event") == "tag"
        )
        prefix, suffix = fields.get("prefix", ""), fields.get("suffix", "")
        if fields.get("type") == "sha" and "prefix" not in fields:
            prefix = "sha-"
        made.append(f"{prefix}{tag}{suffix}")
    flavor = {
        k: v for entry in entries(inputs.get("flavor", "")) for k, v in _fields(entry).items()
    }
    latest = flavor.get("latest", "auto").lower()
    if latest == "true" or (latest == "auto" and is_release):
        made.append("latest")
    images = [_fields(line).get("name") or line for line in entries(inputs.get("images", ""))]
    images = [each for image in images for each in image.split(",")] if images else []
    if len(images) * len(made) > MAX_NAMES:
        raise NotInLab(
            f"docker/metadata-action would make more than {MAX_NAMES} names, which is more than "
            "the lab can follow. Nothing was scored."
        )
    return list(dict.fromkeys(f"{image}:{tag}" for image in images for tag in made))


def _fields(entry: str) -> dict[str, str]:
    try:
        row = next(csv.reader([entry]), [])
    except csv.Error:
        row = entry.split(",")
    pairs = [part.partition("=") for part in row]
    found = {key.strip(): value.strip() for key, sign, value in pairs if sign}
    if "type" not in found and "name" not in found and not any(s for _, s, _ in pairs):
        found |= {"type": "raw", "value": entry}
    return found


def _tag(fields: Mapping[str, str], event: Event) -> str | None:
    """The tag that one entry gives for an event, if any."""
    match fields.get("type", "raw"):
        case "raw":
            return _filled(fields.get("value", ""), event)
        case "sha":
            sha = str(event.github["sha"])
            return sha if fields.get("format") == "long" else sha[:7]
        case "ref":
            wanted = fields.get("event", "branch")
            if wanted == "tag" and event.tag:
                return event.tag
            if wanted == "branch" and event.branch and not _is_request(event):
                return event.branch
            return "pr-1" if wanted == "pr" and _is_request(event) else None
        case "semver" | "pep440":
            if not event.tag and not fields.get("value"):
                return None
            return _version(fields.get("pattern", "{{version}}"), fields.get("value") or event.tag)
        case "match":
            return unknown.mark("matched tag", unknown.SOME) if event.tag else None
        case "schedule":
            return "nightly" if event.name == "schedule" else None
        case "edge":
            return "edge" if event.branch == fields.get("branch", "main") else None
    return None


def _is_request(event: Event) -> bool:
    return event.name.startswith("pull_request")


def _version(pattern: str, value: str) -> str:
    version = value.lstrip("v")
    numbers = [*version.split("-")[0].split("."), "0", "0"]
    values = {"version": version, "raw": value}
    values |= dict(zip(("major", "minor", "patch"), numbers, strict=False))
    found = re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda each: values.get(each[1], ""), pattern)
    growth.check(growth.MAX_TEXT - len(found))
    return found


def _filled(value: str, event: Event) -> str:
    sha = str(event.github["sha"])
    known = {"sha": sha[:7], "branch": event.branch, "tag": event.tag}
    return re.sub(
        r"\{\{\s*(\w+)\b[^{}]*\}\}",
        lambda found: known.get(found[1]) or unknown.mark(found[1], unknown.SOME),
        value,
    )
