"""A JupyterLab on a copy of the course's notebooks, and pages in a headless browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright

from grader import project
from grader.tests.chromium import FLAGS, ensure_chromium
from grader.tests.notebook import jupyter

NOT_OURS = (
    "Could not restore the debugger state",
    "Error: widget model not found",
    "Failed to load resource: net::ERR_NETWORK_CHANGED",
)
"""What JupyterLab reports when a page is left while its debugger is still asking, and when a
saved notebook refers to a widget of a kernel that is gone; what Chromium reports when a container's
network interface comes or goes just then (playwright#13062)."""


@dataclass(frozen=True)
class Desk:
    """One learner's notebooks in the lab, and the page they are open in."""

    lab: jupyter.Lab
    page: Page
    name: str
    home: Path

    @property
    def folder(self) -> Path:
        return self.lab.folder / self.name

    def open(self, notebook: str) -> None:
        variables = {
            "DRYDOCK_WORKSPACE": str(self.home / "workspace"),
            "DRYDOCK_STATE": str(self.home / "state"),
        }
        self.lab.open(self.page, f"{self.name}/{notebook}", variables)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[jupyter.Lab]:
    with jupyter.running_lab(tmp_path_factory.mktemp("lab")) as running:
        # the demonstrations look for the given files beside the notebooks' folder
        for folder in (project.EXERCISES, project.SOLUTIONS):
            (running.folder / folder.name).symlink_to(folder)
        yield running


@pytest.fixture
def desk(lab: jupyter.Lab, page: Page, tmp_path: Path) -> Iterator[Desk]:
    """A learner's place: copies of the notebooks, a workspace and a state of their own."""
    name = tmp_path.name
    (lab.folder / name).mkdir()
    for path in project.NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(path, lab.folder / name)
    yield Desk(lab, page, name, tmp_path)
    jupyter.shut_down(page)


@pytest.fixture(scope="session")
def window(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """One for all pages. Its profile is on disk, where Chromium keeps what it has compiled of
    JupyterLab's scripts; to optimize them costs more than it saves in pages as short-lived."""
    context = playwright.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        executable_path=ensure_chromium(),
        args=[*FLAGS, "--js-flags=--no-opt"],
        viewport={"width": 1280, "height": 1600},
    )
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """A page; the test fails when its console shows an error."""
    errors: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(NOT_OURS):
            errors.append(message.text)

    page = window.new_page()
    page.on("console", listen)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []
