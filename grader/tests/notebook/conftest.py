"""A JupyterLab on a copy of the course's notebooks, and pages in a headless browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from grader import project
from grader.tests.notebook import jupyter
from grader.tests.notebook.chromium import FLAGS, ensure_chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(ensure_chromium()), args=list(FLAGS)
        )
        yield chromium
        chromium.close()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[jupyter.Lab]:
    """A JupyterLab with a workspace and a state of its own."""
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    for path in project.NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(path, notebooks)
    variables = {
        "DRYDOCK_WORKSPACE": str(tmp_path / "workspace"),
        "DRYDOCK_STATE": str(tmp_path / "state"),
    }
    with jupyter.running_lab(tmp_path, variables) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; the test fails when its console shows an error."""
    errors: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.on("console", listen)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []
