"""What a notebook that was run came to: scores as nbgrader reads them, complaints, outputs."""

from __future__ import annotations

import contextlib
import fcntl
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import docker

Cells = Sequence[Mapping[str, Any]]
"""Cells as they stand in a notebook file."""

LABEL = {
    "02_health_checks": "health",
    "04_graceful_shutdown": "shutdown",
    "05_resource_limits": "limits",
}
"""What the notebook's containers carry, so that two notebooks can run at the same time."""


@contextlib.contextmanager
def alone(notebook: str) -> Iterator[None]:
    """Be the only one who runs a notebook: its demonstrations' containers have fixed names."""
    place = Path(tempfile.gettempdir()) / f"drydock-notebook-{notebook}.lock"
    with place.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def scores(cells: Cells) -> Iterator[tuple[str, float, float]]:
    """(grade cell, points earned, points to earn)."""
    for cell in cells:
        role: Mapping[str, Any] = cell["metadata"].get("nbgrader", {})
        if role.get("grade"):
            said = [out for out in cell["outputs"] if out["output_type"] == "execute_result"]
            earned = float(_joined(said[-1]["data"]["text/plain"])) if said else float("nan")
            yield _joined(cell["source"]), earned, float(role["points"])


def complaints(cells: Cells) -> list[str]:
    """Tracebacks, and what cells said on stderr: a reader would take both for their own mistake."""
    return [
        f"{_joined(cell['source'])[:80]!r}: {_joined(output.get('text', output.get('traceback')))}"
        for cell in cells
        for output in cell.get("outputs", ())
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ]


def shown(cells: Cells) -> str:
    """All that the outputs say as text."""
    return "\n".join(
        _joined(output.get("text") or output.get("data", {}).get("text/plain", ""))
        for cell in cells
        for output in cell.get("outputs", ())
    )


def left_behind(notebook: str) -> list[str]:
    """The names of the notebook's containers that are still there."""
    client = docker.from_env()
    label: dict[str, Any] = {"label": f"drydock-demo={LABEL.get(notebook, notebook)}"}
    names = [str(container.name) for container in client.containers.list(all=True, filters=label)]
    client.close()
    return names


def _joined(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
