"""A headless browser, for the tests that look at pages; and how tests share several processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from grader.grading import runner
from grader.grading.stock import Stock
from grader.tests.chromium import FLAGS, ensure_chromium


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """See ``groups``."""
    from grader.tests.groups import Groups

    return Groups(config, log)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    chromium = playwright.chromium.launch(executable_path=ensure_chromium(), args=list(FLAGS))
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def stock() -> Iterator[Stock]:
    """Inspectors for the gradings of this process, as ``./lab grade`` and ``./lab verify`` keep
    them; ``./lab check`` and the notebooks start new ones, see ``test_solutions.py``."""
    with Stock() as kept:
        yield kept
        runner.settle()


@pytest.fixture(scope="session", autouse=True)
def _stage() -> Iterator[None]:
    """The stage that tests of workflows share ends with the last of them."""
    yield
    if followed := sys.modules.get("grader.tests.workflow.followed"):
        followed.OPEN.close()


@pytest.fixture(scope="session")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of somebody who has solved everything: a solution that one process of this test
    run has graded is known to the others."""
    return _of_this_run(tmp_path_factory) / "solved"


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of somebody who has run everything as it was handed out; the same for starters."""
    return _of_this_run(tmp_path_factory) / "untouched"


def _of_this_run(folders: pytest.TempPathFactory) -> Path:
    """The folder that all processes of a test run share."""
    own = folders.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def spare_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a second engine, see ``spare``: its images are loaded once."""
    return tmp_path_factory.mktemp("engine")  # the path of a socket has at most 104 characters
