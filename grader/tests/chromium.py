"""Chromium for the browser tests: found, or installed where this process may, or asked for.

Playwright's own downloads are not used: the distribution's browser is there offline too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PACKAGES = ("chromium", "fonts-dejavu-core")


def ensure_chromium() -> Path:
    """The browser's path. Raises RuntimeError, saying what to install, when there is none."""
    found = _find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *_PACKAGES]
        for command in (["apt-get", "update", "-q"], install):
            subprocess.run(command, env=quiet, check=True, stdout=subprocess.DEVNULL)
        found = _find()
    if found is None:
        raise RuntimeError("The browser tests need Chromium: sudo apt-get install chromium")
    return found


def _find() -> Path | None:
    for name in _NAMES:
        path = shutil.which(name)
        if path:
            return Path(path)
    return None
