"""Erratum 6: what an engine starts again after its own restart."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from grader.engine.bases import BASES
from grader.tests import spare

pytestmark = [pytest.mark.slow]
SLIM = BASES["python:3.11-slim"]
LIST_SECONDS = 10.0


def test_only_always_forgets_a_stop_when_the_engine_restarts(spare_home: Path) -> None:
    """Until then both stay stopped, so that is the only difference between the two."""
    with spare.engine(spare_home, [SLIM]) as engine:

        def docker(*arguments: str) -> str:
            command = ["docker", "-H", engine.address, *arguments]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout

        def running(wanted: set[str]) -> set[str]:
            """What runs, as soon as it is what is wanted: the engine's list comes a moment after
            its answer."""
            deadline = time.monotonic() + LIST_SECONDS
            while True:
                names = set(docker("ps", "--format", "{{.Names}}").split())
                if names == wanted or time.monotonic() > deadline:
                    return names
                time.sleep(0.1)

        for name, policy in (
            ("always", "always"),
            ("unless-stopped", "unless-stopped"),
            ("not-stopped", "unless-stopped"),
        ):
            options = (f"--name={name}", f"--restart={policy}", "--network=none", "--init")
            docker("run", "-d", *options, SLIM, "sleep", "infinity")
        docker("stop", "-t", "0", "always", "unless-stopped")
        stopped = {"not-stopped"}
        assert running(stopped) == stopped

        engine.terminate()
        engine.restart()
        back = {"always", "not-stopped"}
        assert running(back) == back
