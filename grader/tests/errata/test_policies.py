"""Erratum 6: what an engine starts again after its own restart."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from grader.bases import BASES
from grader.tests import spare

pytestmark = [pytest.mark.slow]
SLIM = BASES["python:3.11-slim"]
START_SECONDS = 10.0


def test_only_always_forgets_a_stop_when_the_engine_restarts(spare_home: Path) -> None:
    """Until then both stay stopped, so that is the only difference between the two."""
    with spare.engine(spare_home, [SLIM]) as engine:

        def docker(*arguments: str) -> str:
            command = ["docker", "-H", engine.address, *arguments]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout

        def running() -> set[str]:
            return set(docker("ps", "--format", "{{.Names}}").split())

        for name, policy in (
            ("always", "always"),
            ("unless-stopped", "unless-stopped"),
            ("not-stopped", "unless-stopped"),
        ):
            options = (f"--name={name}", f"--restart={policy}", "--network=none")
            docker("run", "-d", *options, SLIM, "sleep", "infinity")
        docker("stop", "-t", "0", "always", "unless-stopped")
        assert running() == {"not-stopped"}

        engine.terminate()
        engine.restart()
        deadline = time.monotonic() + START_SECONDS
        while "always" not in running() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert running() == {"always", "not-stopped"}
