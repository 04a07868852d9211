"""A JupyterLab on a copy of the course's notebooks, and pages in a headless browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Playwright

from grader.exercise import project
from grader.tests.chromium import FLAGS, ensure_chromium
from grader.tests.notebook import jupyter

NETWORK_CHANGED = "Failed to load resource: net::ERR_NETWORK_CHANGED"
"""What Chromium reports when a container's network interface comes or goes while it loads
something (playwright#13062)."""
NOT_OURS = ("Could not restore the debugger state", "Error: widget model not found")
"""What JupyterLab reports when a page is left while its debugger is still asking, and when a
saved notebook refers to a widget of a kernel that is gone."""


@dataclass(frozen=True)
class Desk:
    """One learner's notebooks in the lab, and the page they are open in."""

    lab: jupyter.Lab
    page: Page
    name: str
    workspace: Path
    state: Path

    @property
    def folder(self) -> Path:
        return self.lab.folder / self.name

    def open(self, notebook: str) -> None:
        """Load the lab with a notebook, as for the first time."""
        self.lab.open(self.page, f"{self.name}/{notebook}", self._variables())

    def switch(self, notebook: str) -> None:
        """Open a notebook in the lab as it is, if it is loaded."""
        self.lab.switch(self.page, f"{self.name}/{notebook}", self._variables())

    def _variables(self) -> dict[str, str]:
        return {
            "DRYDOCK_WORKSPACE": str(self.workspace),
            "DRYDOCK_STATE": str(self.state),
        }


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
    folder = lab.folder / tmp_path.name
    folder.mkdir()
    for path in project.NOTEBOOKS.glob("*.ipynb"):
        shutil.copy(path, folder)
    yield Desk(lab, page, tmp_path.name, tmp_path / "workspace", tmp_path / "state")
    jupyter.shut_down(page)


@pytest.fixture(scope="session")
def window(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """Where the page is. Its profile is on disk, where Chromium keeps what it has compiled of
    JupyterLab's scripts; to optimize them costs more than it saves here."""
    context = playwright.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        executable_path=ensure_chromium(),
        args=[*FLAGS, "--js-flags=--no-opt"],
        viewport={"width": 1280, "height": 1600},
    )
    yield context
    context.close()


@pytest.fixture(scope="module")
def kept_page(window: BrowserContext) -> Iterator[Page]:
    page = window.new_page()
    yield page
    page.close()


@pytest.fixture
def page(kept_page: Page) -> Iterator[Page]:
    """A page that others have used before, since to load JupyterLab takes seconds; the test fails
    when its console shows an error."""
    errors: list[str] = []
    changes: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.text.startswith(NETWORK_CHANGED):
            changes.append(message.text)
        elif message.type == "error" and not message.text.startswith(NOT_OURS):
            errors.append(message.text)

    def raised(error: Error) -> None:
        errors.append(str(error))

    kept_page.on("console", listen)
    kept_page.on("pageerror", raised)
    yield kept_page
    kept_page.remove_listener("console", listen)
    kept_page.remove_listener("pageerror", raised)
    lost = [error for error in errors if error == "Failed to fetch"]  # no more than were cut off
    assert [error for error in errors if error not in lost] == []
    assert len(lost) <= len(changes)
