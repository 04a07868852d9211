"""Exercise readonly_rootfs: nothing of the image can be changed while it runs."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from grader.compose import Service
from grader.engine import capability
from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.facts import Mount
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

pytestmark = [pytest.mark.exercise("readonly_rootfs"), pytest.mark.observed]

ROOT_FILE = "/app/data/planted"
TMP_FILE = "/tmp/drydock-scratch"
TOUCH = "touch {0} && echo written; rm -f {0}"
FEATURES = {"features": [1.0, 2.0, 3.0]}
SCORE = 4.75
REMOUNTS = frozenset({"SYS_ADMIN", "ALL"})


@pytest.fixture(scope="module")
def running(service: Service, image: Image, start: Start) -> Container:
    """The service as the compose file starts it; the last check asks whether it serves."""
    host = service.with_default_capabilities
    container = start(image, config=service.config, host=host, ready=False)
    try:
        container.wait_ready()
    except LearnerFault:
        if not container.state.running:
            raise
    return container


@pytest.fixture(scope="module")
def mounts(running: Container) -> Mapping[str, Mount]:
    return running.mounts()


def _write(container: Container, path: str) -> str:
    """What happens when the service's user writes a file; empty when it works."""
    code, said = container.execute("sh", "-c", TOUCH.format(path))
    return "" if "written" in said else said.strip() or f"exit code {code}"


def _show(bench: Bench, place: str, mount: Mount | None) -> None:
    options = ",".join(mount.options) if mount else ""
    shown = f"{place} {options}\n- {mount.kind} " if mount else "(not a mount of its own)"
    command = f"docker exec web sh -c \"grep ' {place} ' /proc/1/mountinfo || true\""
    bench.record(Evidence(command, shown))


@pytest.mark.points(2)
@pytest.mark.expects("read-only file system (EROFS)")
@pytest.mark.hint(
    "Which key of a compose service makes its root file system read-only?",
    "read_only: true, on the same level as build.",
)
def test_root_is_readonly(
    running: Container, mounts: Mapping[str, Mount], service: Service, bench: Bench
) -> None:
    """A write to the image's own file system fails with EROFS.

    Whoever breaks in can then neither plant a program nor change the code that runs.
    """
    problem = _write(running, ROOT_FILE)
    bench.record(
        Evidence(f"docker exec web sh -c '{TOUCH.format(ROOT_FILE)}'", problem or "written")
    )
    assert problem, f"{ROOT_FILE} could be written: the root file system is writable."
    assert mounts["/"].is_readonly, (
        f"The write failed ({problem}), but the kernel has the root file system mounted "
        "read-write: elsewhere it can be changed."
    )
    asked = {capability.plain(name) for name in service.host.get("CapAdd") or ()}
    assert not asked & REMOUNTS, (
        f"The root is read-only, and cap_add: [{min(asked & REMOUNTS)}] lets root mount it "
        "read-write again."
    )


@pytest.mark.points(1)
@pytest.mark.expects("written")
@pytest.mark.hint(
    "With a read-only root /tmp is read-only as well, unless it is a mount of its own.",
    "tmpfs takes a list of paths.",
)
def test_tmp_is_writable(running: Container, bench: Bench) -> None:
    """The service's user can write to /tmp.

    Python, tokenizers and upload handlers need a place for scratch files; without one they fail
    on the first request that is large enough.
    """
    problem = _write(running, TMP_FILE)
    bench.record(
        Evidence(f"docker exec web sh -c '{TOUCH.format(TMP_FILE)}'", problem or "written")
    )
    assert not problem, f"Writing to /tmp failed: {problem}."


@pytest.mark.points(2)
@pytest.mark.expects("a tmpfs")
@pytest.mark.hint(
    "Where do the bytes of /tmp go: to a disk, or to memory?",
    "Write tmpfs: with the item /tmp; a size, as in /tmp:size=64m, keeps it bounded.",
)
def test_tmp_is_tmpfs(mounts: Mapping[str, Mount], service: Service, bench: Bench) -> None:
    """/tmp is a tmpfs: in memory, and gone with the container.

    A volume or the container's own layer keeps what a request left behind, on disk.
    """
    mount = mounts.get("/tmp")
    _show(bench, "/tmp", mount)
    assert mount, "/tmp is no mount of its own: it is part of the container's root."
    assert "/tmp" not in service.on_disk, (
        "/tmp is a volume: what is written there stays on disk when the container is gone."
    )
    assert mount.kind == "tmpfs", f"/tmp is a mount of the kind {mount.kind}, not a tmpfs."


@pytest.mark.points(1)
@pytest.mark.expects("HTTP 200 with a score")
@pytest.mark.hint("docker compose logs shows what the service says; it needs /tmp and port 8000.")
def test_service_answers(running: Container) -> None:
    """The service still works.

    Hardening that breaks the service is taken back on the first bad night.
    """
    answer = running.post("/predict", FEATURES)
    assert answer.ok, f"POST /predict on port 8000 came to {answer}."
    score = (answer.json() or {}).get("score")
    assert score == SCORE, f"POST /predict should give the score {SCORE}, it gave {score}."
