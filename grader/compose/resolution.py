"""A compose file with ``extends``, ``!reset`` or ``!override``, put together by Compose itself.

Only a service of the same file may be extended: what reads other files is refused before Compose
sees it. Variables stay as they were written, paths too.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grader.answer import document
from grader.engine import cliplugins, permitted
from grader.verdict.outcome import GraderError, LearnerFault
from grader.verdict.report import Evidence
from grader.verdict.text import clean

FILE = "compose.yaml"
SECONDS = 10.0
_SAME_FILE = (None, FILE, f"./{FILE}")
_AS_WRITTEN = ("--no-interpolate", "--no-path-resolution", "--no-normalize", "--no-consistency")


def resolved(found: Mapping[str, Any], text: str, name: str) -> dict[str, Any]:
    """The file as Compose reads it, or as it is where nothing needs that. Raises LearnerFault with
    Compose's own words, NotInLab for what reads another file."""
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
    return _asked(text, name)


def _asked(text: str, name: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="drydock-") as folder:
        (Path(folder) / FILE).write_text(text, encoding="utf-8")
        command = [*cliplugins.compose(), "config", "--format=json", *_AS_WRITTEN]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=cliplugins.environment(Path(folder)),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise GraderError("Compose did not answer. Nothing was scored.") from error
        said = clean(done.stderr).replace(f"{folder}/", "").strip()
    if done.returncode:
        reason = said.splitlines()[-1] if said else "no reason given"
        raise LearnerFault(
            f"Compose refuses {name}: {reason[:300]}",
            Evidence("docker compose config", said[:800], "a file that docker compose accepts"),
        )
    return document.load(done.stdout, name)
