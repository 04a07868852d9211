"""Hostile compose files where Compose itself runs what passed the review: they reach nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.answer import submission
from grader.exercise import catalog
from grader.grading import runner
from grader.grading.stock import Stock
from grader.tests import leftover
from grader.verdict.report import Report, Status

EXERCISE = catalog.find("compose_health")
SOLVED = EXERCISE.solved["compose.yaml"]
CANARY = "c4n4ry-0e51"
LOOK = (
    "from os import environ as e; "
    "assert (e['A'], e['B'], e['C']) == ('', '$${CANARY}', 'none'), e; "
    "assert not {'CANARY', 'DOCKER_HOST'} & set(e), e"
)

pytestmark = pytest.mark.course


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    yield
    runner.settle()
    assert leftover.abandoned() == []


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the host, and the same word in the grader's own environment."""
    monkeypatch.setenv("CANARY", CANARY)
    path = tmp_path / "secret.env"
    path.write_text(f"TOKEN={CANARY}\n")
    return path


Grade = Callable[[str], Report]


@pytest.fixture
def grade(stock: Stock) -> Grade:
    def grade(text: str) -> Report:
        answer = submission.from_texts(EXERCISE, {"compose.yaml": text})
        return runner.grade(EXERCISE, answer, stock=stock)

    return grade


REFUSED = {
    "env_file: {secret}": "env_file",
    "extends: {file: {secret}, service: x}": "extends",
    "label_file: {secret}": "label_file",
    "volumes: ['{secret}:/x']": "a mount of",
    "volumes: ['${CANARY:-/}:/x']": "a mount of",
    "privileged: true": "Privileged",
    "pid: host": "PidMode",
    "ipc: host": "IPC namespace",
    "network_mode: host": "network_mode host",
    "cgroup_parent: /": "CgroupParent",
    "devices: [/dev/kmsg]": "Devices",
    "userns_mode: host": "UsernsMode",
    "security_opt: ['seccomp:unconfined']": "security_opt",
    "provider: {type: sh}": "provider",
    "post_start: [{command: id, privileged: true}]": "post_start",
}


@pytest.mark.parametrize("name", ["scorer", "gateway"])
@pytest.mark.parametrize(("line", "says"), REFUSED.items(), ids=REFUSED)
def test_what_reaches_out_is_refused_before_compose_runs(
    name: str, line: str, says: str, secret: Path, grade: Grade
) -> None:
    text = SOLVED.replace(f"  {name}:\n", f"  {name}:\n    {line}\n", 1)
    report = grade(text.replace("{secret}", str(secret)))
    first = report.checks[0]
    assert (first.status, says in first.message) == (Status.ERROR, True), first.message
    assert CANARY not in report.to_json()


def test_nothing_of_the_graders_environment_gets_in(secret: Path, grade: Grade) -> None:
    """Neither by a name without a value, nor by interpolation, now or when Compose reads again:
    the probe itself looks, and is content."""
    names = "[CANARY, DOCKER_HOST, 'A=${CANARY}', 'B=$${CANARY}', 'C=${DOCKER_HOST:-none}']"
    text = SOLVED.replace("  scorer:\n", f"  scorer:\n    environment: {names}\n", 1)
    start = text.index("      # The image has no curl")
    end = text.index("      interval: 10s")
    probe = json.dumps(["CMD", "python", "-c", LOOK])
    report = grade(text[:start] + f"      test: {probe}\n" + text[end:])
    assert report.checks[0].status is Status.PASSED, report.checks[0].message
    assert CANARY not in report.to_json()


def test_a_crowd_of_services_is_not_started(grade: Grade) -> None:
    crowd = "".join(f"  s{number}: {{build: ., depends_on: [scorer]}}\n" for number in range(200))
    report = grade(SOLVED + "\n" + crowd)
    assert "at most" in report.checks[0].message


def test_what_the_services_do_stays_in_the_sandbox(grade: Grade) -> None:
    """A dependent that restarts for ever and starts processes without end ends with the grading."""
    bomb = "import os\\nwhile True:\\n try: os.fork()\\n except OSError: pass"
    text = SOLVED.replace('["python", "gateway.py"]', f"[python, -c, 'exec(\"{bomb}\")']")
    report = grade(text + "    restart: always\n    deploy: {replicas: 50}\n    mem_limit: 900g\n")
    assert report.complete
