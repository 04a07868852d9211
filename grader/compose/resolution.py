"""A compose file with ``extends``, ``!reset`` or ``!override``, put together by Compose itself.

Only a service of the same file may be extended: what reads other files is refused before Compose
sees it. Variables stay as they were written, paths too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.answer import capture, document
from grader.compose import beside
from grader.engine import cliplugins, permitted
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

FILE = "compose.yaml"
_SAME_FILE = (None, FILE, f"./{FILE}")
_AS_WRITTEN = ("--no-interpolate", "--no-path-resolution", "--no-normalize", "--no-consistency")


def resolved(
    found: Mapping[str, Any], text: str, name: str, files: Mapping[str, bytes]
) -> dict[str, Any]:
    """The file as Compose reads it, or as it is where nothing needs that.

    Compose reads variables from files already here, so that all services' are looked at before.
    Raises LearnerFault with Compose's own words, NotInLab for what reads another file.
    """
    if "include" in found:
        raise permitted.refused(name, "include", "it reads other files; write the services out")
    services = found.get("services")
    each = services.items() if isinstance(services, dict) else ()
    extending = [
        (service, asked["extends"])
        for service, asked in each
        if isinstance(asked, dict) and asked.get("extends") is not None
    ]
    for service, extends in extending:
        if isinstance(extends, dict) and extends.get("file") not in _SAME_FILE:
            raise permitted.refused(
                f"{name}, service {service},",
                f"extends from {str(extends['file'])[:60]!r}",
                "it reads another file; extend a service of this one, or write it out",
            )
    if not extending and not any(tag in text for tag in document.COMPOSE_TAGS):
        return dict(found)
    for service, asked in each:
        if isinstance(asked, dict):
            _look_at_files(asked, f"{name}, service {service},", files)
    return as_compose_reads(text, name, files, *_AS_WRITTEN)


def _look_at_files(asked: Mapping[str, Any], where: str, files: Mapping[str, bytes]) -> None:
    for key in ("label_file", "credential_spec"):
        if asked.get(key) is not None:
            raise permitted.refused(where, key, "it reads a file")
    beside.variables(asked.get("env_file"), where, files)


def as_compose_reads(
    text: str, name: str, files: Mapping[str, bytes], *options: str
) -> dict[str, Any]:
    """What ``docker compose config`` makes of a file. Raises LearnerFault with Compose's words."""
    arguments = ("config", "--format=json", *options)
    beside_it = {**files, FILE: text.encode()}
    code, out, said = capture.printed(cliplugins.compose(), arguments, beside_it)
    if code:
        reason = said.splitlines()[-1] if said else "no reason given"
        raise LearnerFault(
            f"Compose refuses {name}: {reason[:300]}",
            Evidence("docker compose config", said[:800], "a file that docker compose accepts"),
        )
    return document.load(out, name)
