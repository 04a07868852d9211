"""The base images are what learners' Dockerfiles rely on."""

from __future__ import annotations

import subprocess

import pytest

from grader.engine import bases
from grader.engine.client import connect
from grader.setup import images


def inside(image: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", "run", "--rm", "--network=none", image, *command],
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_images_are_there_and_up_to_date() -> None:
    engine = connect()
    assert images.missing(engine) == []
    assert images.labels(engine, bases.inspector_tag()) is not None
    assert images.labels(engine, bases.stage_tag()) is not None


def test_origin_is_labelled() -> None:
    labels = images.labels(connect(), bases.SLIM) or {}
    assert labels[images.ORIGIN] in ("official", "stand-in")


@pytest.mark.parametrize("image", [bases.SLIM, bases.FULL])
def test_layout_is_the_official_one(image: str) -> None:
    program = "import sys, sysconfig; print(sys.executable, sysconfig.get_paths()['purelib'])"
    shown = inside(image, "python", "-c", program).stdout.split()
    assert shown == ["/usr/local/bin/python", "/usr/local/lib/python3.11/site-packages"]


def test_only_the_full_image_has_a_compiler() -> None:
    assert inside(bases.FULL, "gcc", "--version").returncode == 0
    assert inside(bases.SLIM, "gcc", "--version").returncode == 127


def test_distroless_has_python_and_no_shell() -> None:
    assert inside(bases.DISTROLESS, "-c", "import ssl, sqlite3").returncode == 0
    shell = ["docker", "run", "--rm", "--entrypoint", "/bin/sh", bases.DISTROLESS, "-c", "true"]
    assert subprocess.run(shell, capture_output=True, check=False).returncode != 0
    assert (
        inside(bases.DISTROLESS_NONROOT, "-c", "import os; print(os.getuid())").stdout == "65532\n"
    )


@pytest.mark.slow
def test_virtual_environments_and_user_installs_work() -> None:
    script = (
        "python -m venv /tmp/v && /tmp/v/bin/pip install -q structlog && "
        "/tmp/v/bin/python -c 'import structlog' && pip install -q --user loguru && "
        "ls /root/.local/lib/python3.11/site-packages"
    )
    done = inside(bases.SLIM, "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    assert "loguru" in done.stdout
