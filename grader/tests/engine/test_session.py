"""A session that ends leaves nothing, also where the engine takes its time."""

from __future__ import annotations

import io
import subprocess
import tarfile
import threading
from collections.abc import Iterator

import pytest

from grader.engine import lock, session
from grader.engine.bases import SLIM
from grader.engine.client import Engine, connect
from grader.engine.lock import LABEL
from grader.engine.session import Session

pytestmark = pytest.mark.slow

HELD_SECONDS = 2.0


@pytest.fixture
def engine() -> Iterator[Engine]:
    connected = connect()
    yield connected
    connected.close()


def docker(*arguments: str, given: str | bytes = b"") -> str:
    """What the command prints."""
    content = given.encode() if isinstance(given, str) else given
    done = subprocess.run(["docker", *arguments], input=content, capture_output=True, check=True)
    return done.stdout.decode().strip()


def imported(identity: str) -> None:
    """A new image that carries a session's label."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(identity))
    docker("import", "--change", f"LABEL {LABEL}={identity}", "-", given=archive.getvalue())


def test_image_that_is_in_use_for_a_while_is_removed_after_that(engine: Engine) -> None:
    """The end of its last container takes seconds on a busy machine."""
    with Session(engine) as other, Session(engine) as own:
        recipe = f"FROM {SLIM}\nLABEL {LABEL}={own.id}\n"
        image = own.owns_image(docker("build", "-q", "-", given=recipe))
        others = f"--label={LABEL}={other.id}"
        holds = docker("run", "-d", "--network=none", others, image, "sleep", "60")
        threading.Timer(HELD_SECONDS, lambda: engine.remove(holds)).start()
    assert list(engine.labelled(f"{LABEL}={own.id}")) == []


def test_image_that_comes_after_its_grading_was_killed_is_removed(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that was exporting it doesn't stop for that."""
    monkeypatch.setattr(session, "LATE_SECONDS", 3.0)  # room for a busy machine's import
    identity = lock.new_id()
    imported(identity)
    late = threading.Timer(0.3, lambda: imported(identity))
    late.start()
    session.remove(engine, identity)
    late.join()
    assert list(engine.labelled(f"{LABEL}={identity}")) == []
