"""A JupyterLab of this interpreter on a folder of its own, and its pages in a browser.

Knows JupyterLab's page, not what the notebooks are about.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from playwright.sync_api import Locator, Page

from grader.exercise import project

READY_SECONDS = 60
"""JupyterLab may wait for ever for a kernel that is idle (seen once in a whole run of the tests,
and then for every notebook that was opened after it). It is loaded again then."""
_OPEN = """async (path) => {
  const app = window.jupyterapp;
  for (const panel of [...app.shell.widgets('main')]) panel.dispose();
  app.commands.execute('docmanager:open', {path, factory: 'Notebook'});
}"""
_READY = """async ([path, code, seconds]) => {
  const moment = () => new Promise(done => setTimeout(done, 20));
  const begin = async () => {
    while (!window.jupyterapp) await moment();
    await window.jupyterapp.restored;
    const panel = () => window.jupyterapp.shell.currentWidget;
    while (panel()?.context?.path !== path) await moment();
    await panel().context.ready;
    const session = panel().sessionContext;
    await session.ready;
    while (session.session?.kernel?.status !== 'idle') await moment();
    await session.session.kernel.requestExecute({code, silent: true}).done;
    return true;
  };
  const late = new Promise(done => setTimeout(() => done(false), 1000 * seconds));
  return Promise.race([begin(), late]);
}"""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, its token, and the folder of notebooks it serves."""

    address: str
    token: str
    folder: Path

    def open(self, page: Page, notebook: str, variables: Mapping[str, str]) -> None:
        """Open a notebook, wait until its kernel is idle and give that environment variables."""
        for _ in range(2):
            page.goto(f"{self.address}/lab/tree/{notebook}?token={self.token}&reset")
            if self._is_ready(page, notebook, variables):
                return
        raise AssertionError(f"{notebook} has no kernel that is ready")

    def switch(self, page: Page, notebook: str, variables: Mapping[str, str]) -> None:
        """The same without loading the lab again, where the page has. Closes what is open."""
        if page.url.startswith(self.address):
            page.evaluate(_OPEN, notebook)
            if self._is_ready(page, notebook, variables):
                return
        self.open(page, notebook, variables)

    def _is_ready(self, page: Page, notebook: str, variables: Mapping[str, str]) -> bool:
        code = f"import os; os.environ.update({dict(variables)!r})"
        return bool(page.evaluate(_READY, [notebook, code, READY_SECONDS]))


@contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """Start JupyterLab on ``folder``/notebooks; ends it with all its kernels."""
    notebooks, settings = folder / "notebooks", folder / "config"
    notebooks.mkdir()
    (settings / "labconfig").mkdir(parents=True)
    page_config = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (settings / "labconfig" / "page_config.json").write_text(json.dumps(page_config))
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(settings),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONPATH": str(project.ROOT),
        "JUPYTER_TOKEN": token,
    }
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", "--ServerApp.port=0", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={notebooks}", "--LabApp.expose_app_in_browser=True"),
    ]
    with subprocess.Popen(
        command, env=environment, cwd=folder, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr
        # Once the address is known, the log is read on aside, so that the pipe never fills.
        rest = threading.Thread(target=server.stderr.read, daemon=True)
        try:
            address = address_in(server.stderr)
            rest.start()
            yield Lab(address, token, notebooks)
        finally:
            server.terminate()
            server.wait(30)
            if rest.ident:
                rest.join()


def address_in(log: IO[str]) -> str:
    said = []
    for line in log:
        said.append(line)
        found = re.search(r"(http://127\.0\.0\.1:\d+)/lab", line)
        if found:
            return found[1]
    raise AssertionError("JupyterLab did not start:\n" + "".join(said))


def shut_down(page: Page) -> None:
    """End every kernel."""
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")


def run_all(page: Page) -> None:
    """Run every cell and wait until all have run."""
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")


def run_cell(page: Page, holding: str) -> None:
    """Run the cell whose source contains ``holding`` and wait until it has run."""
    page.evaluate(
        """async (text) => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          const index = notebook.widgets.findIndex(
            cell => cell.model.type === 'code' && cell.model.sharedModel.source.includes(text));
          notebook.activeCellIndex = index;
          notebook.deselectAll();
          await notebook.scrollToItem(index);
          await window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        holding,
    )


def edit_cell(page: Page, holding: str) -> Locator:
    """Scroll to the cell whose source contains ``holding``; return its editor."""
    index = page.evaluate(
        """async (text) => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          const index = notebook.widgets.findIndex(
            cell => cell.model.type === 'code' && cell.model.sharedModel.source.includes(text));
          notebook.activeCellIndex = index;
          await notebook.scrollToItem(index);
          return index;
        }""",
        holding,
    )
    return page.locator(f'.jp-Notebook [data-windowed-list-index="{index}"] .cm-content')
