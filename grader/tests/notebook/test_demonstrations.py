"""Every notebook runs from top to bottom, and its demonstrations show what the text says.

Grade cells are left out: what they do with starters is ``test_exercises.py``'s, and takes long.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import docker
from grader import project

NOTEBOOKS = sorted(project.NOTEBOOKS.glob("*.ipynb"))
SHOWN = {
    "02_health_checks": {
        "an unchecked service that hangs is up": r"no answer within 1 s.*Up \d+ second",
        "failures of the start are forgiven": r"starting from 0\.0 s to [2-9].*healthy from",
        "erratum 3: there is no curl in the image": r"answered: 200\n.*curl: not found.*unhealthy",
        "erratum 5: an unhealthy container isn't restarted": r"restarts: 0\n",
        "depends_on alone doesn't wait": r"the gateway: .*HTTP Error 503.*the gateway: 200",
        "erratum 9: loading in the event loop is silence": r"in the event loop:\n"
        r"(?:(?!503).)*answered: 200\nloading in a thread.*answered: 503\n.*answered: 200",
        "erratum 4: no GPU is an illness for the lesson": r"/predict answered: 200\n"
        r"GET /health +answered: 503\n.*'gpu_available': False",
        "erratum 9: on_event goes away": r"on_event is deprecated.*no longer has on_event",
    },
    "04_graceful_shutdown": {
        "too short a grace period loses the batch": r"SIGKILL at 1\.\d s.*137.*connection lost",
        "exec form hears the signal": r"SIGTERM: finishing.*exit code 0; GET /slow.*answered: 200",
        "an init hides a deaf service": r"exit code 143; GET /slow.*connection lost",
        "erratum 1: the handler comes last": r"closing the database\nown handler: waiting",
        "erratum 1: the handler waits for itself": r"own handler: waiting\n+Stopping the "
        r"container\. .*SIGKILL at 5\.\d s; .*137; GET /slow.*connection lost",
        "erratum 2: a user that nobody made": r"unable to find user appuser",
    },
    "05_resource_limits": {
        "the limit ends the leak": r"restarts: +1\n.*out of memory, exit code 137",
        "a limit alone allows swap": r"Memory: +256 MiB\nMemorySwap: +512 MiB",
        "erratum 12: 1024 is the default weight": r"other 1024: +(4[5-9]|5[0-5])%|version: 2",
        "erratum 12: reservations.cpus is ignored": r"reservations\.cpus +nothing anywhere",
        "erratum 13: no word about a GPU's memory": r'"Count":-1,.*"Options":\{\}',
    },
}
"""By notebook: what its outputs have to show, as a pattern. The lesson's errata are among them."""

LABEL = {
    "02_health_checks": "health",
    "04_graceful_shutdown": "shutdown",
    "05_resource_limits": "limits",
}
"""What the notebook's containers carry, so that two notebooks can run at the same time."""


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_shows_what_it_says(path: Path, tmp_path: Path) -> None:
    """No traceback, nothing on stderr, nothing left behind, and every promise kept."""
    outputs = [output for cell in run(path, tmp_path) for output in cell.get("outputs", ())]
    wrong = [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]
    assert wrong == []
    said = "".join(map(text, outputs))
    shown = SHOWN.get(path.stem, {})
    missing = [what for what, pattern in shown.items() if not re.search(pattern, said, re.DOTALL)]
    assert missing == [], said
    assert left_behind(path.stem) == []


def run(path: Path, home: Path) -> list[Any]:
    """The cells of a notebook after a run in a kernel of its own."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith("grade(")]
    folder = {"metadata": {"path": str(project.NOTEBOOKS)}}
    client = NotebookClient(notebook, timeout=120, allow_errors=True, resources=folder)
    environment = {
        **os.environ,
        "PYTHONPATH": str(project.ROOT),
        "DRYDOCK_WORKSPACE": str(home / "workspace"),
        "DRYDOCK_STATE": str(home / "state"),
    }
    client.execute(env=environment)
    return list(notebook.cells)


def left_behind(notebook: str) -> list[str]:
    """The names of the notebook's containers that are still there."""
    client = docker.from_env()
    label: dict[str, Any] = {"label": f"drydock-demo={LABEL.get(notebook, notebook)}"}
    names = [str(container.name) for container in client.containers.list(all=True, filters=label)]
    client.close()
    return names


def text(output: Any) -> str:
    shown = str(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return shown if shown.endswith("\n") else f"{shown}\n"
