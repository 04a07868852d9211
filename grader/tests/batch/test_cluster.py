"""A real Dask cluster: two workers, each beside an engine of its own, one of which dies."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.engine.bases import BASES, inspector_tag
from grader.exercise import project
from grader.tests import spare
from grader.tests.batch.classroom import class_of
from grader.tests.batch.test_grade import begun, recorded, reports, summary
from grader.tests.cli.lab import Done, lab
from grader.tests.spare import SpareEngine

pytestmark = [pytest.mark.slow]
STUDENTS = 8


@contextlib.contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=project.ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def worker(address: str, engine: str = "") -> contextlib.AbstractContextManager[object]:
    environment = {"DOCKER_HOST": engine} if engine else {}
    return running("grader", "worker", address, "--jobs", "2", **environment)


@pytest.fixture
def scheduler() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--no-dashboard")
    with running(*program, "--port", str(port)):
        deadline = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert time.monotonic() < deadline, "the scheduler doesn't listen"
            time.sleep(0.1)
        yield f"tcp://127.0.0.1:{port}"


@pytest.fixture
def engine(spare_home: Path) -> Iterator[SpareEngine]:
    images = [*dict.fromkeys(BASES.values()), inspector_tag()]
    with spare.engine(spare_home, images) as engine:
        yield engine


def test_killed_engines_work_is_done_by_the_other(
    tmp_path: Path, scheduler: str, engine: SpareEngine
) -> None:
    """Its worker leaves, nobody loses a point, and each result is recorded exactly once."""
    class_of(tmp_path / "class", STUDENTS)
    with (
        worker(scheduler),
        worker(scheduler, engine.address),
        begun(tmp_path / "class", tmp_path, "--scheduler", scheduler) as process,
    ):
        assert process.stdout
        first = process.stdout.readline()
        engine.kill()
        rest, said = process.communicate(timeout=240)
    done = Done(process.returncode, (first + rest).decode(), said.decode())
    assert [report["problem"] for report in reports(done) if report["problem"]] == [], done.err
    assert summary(done)["not_graded"] == 0
    assert {report["score"] for report in reports(done)} == {6}
    assert recorded(tmp_path) == STUDENTS


def test_no_worker_is_said_with_the_command_that_starts_one(tmp_path: Path, scheduler: str) -> None:
    class_of(tmp_path / "class", 1)
    with worker(scheduler):
        done = lab("grade", tmp_path / "class", "--scheduler", scheduler, folder=tmp_path)
        assert done.code == 0, done.err
    nobody = lab("grade", tmp_path / "class", "--scheduler", "tcp://127.0.0.1:9", folder=tmp_path)
    assert nobody.code == 3
    assert "./lab worker tcp://127.0.0.1:9" in nobody.err


def test_check_and_notebooks_never_import_dask() -> None:
    """It costs a second; only a cluster needs it."""
    program = (
        "import sys, grader.cli.app, grader.cli.grade, grader.notebook.grading, grader.batch.crew; "
        "sys.exit('distributed' in sys.modules or 'dask' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=project.ROOT).returncode == 0
