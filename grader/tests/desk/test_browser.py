"""What an instructor and a student see: feedback pages and Formgrader, in a browser."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from grader.exercise import project
from grader.tests.desk.classroom import ASSIGNMENT, EXERCISE
from grader.tests.desk.conftest import Class
from grader.tests.notebook.jupyter import address_in

PATIENCE = 120_000
"""Milliseconds: nbgrader starts a program of its own each time it opens its gradebook."""

pytestmark = [pytest.mark.slow]


def test_feedback_shows_points_and_cards_and_runs_nothing(
    graded: Class, browser: Browser, tmp_path: Path
) -> None:
    """The card survives nbgrader's page; a student's HTML is text in it."""
    done = graded.run("feedback", ASSIGNMENT)
    assert done.code == 0, done
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.goto(graded.page("eve", "feedback").as_uri())
    card = page.locator(".drydock-card")
    expect(card).to_be_visible()
    expect(card.get_by_text(f"of {EXERCISE.max_points:g} points").first).to_be_visible()
    expect(card.get_by_text("See it yourself").first).to_be_visible()
    score = graded.marked["eve"]["score"]
    expect(page.get_by_text(f"Score: {score} / {EXERCISE.max_points}").first).to_be_visible()
    page.screenshot(path=tmp_path / "eve.png", full_page=True)
    page.goto(graded.page("ada", "feedback").as_uri())
    expect(page.get_by_text("<script>mine</script>").first).to_be_visible()
    page.screenshot(path=tmp_path / "ada.png", full_page=True)
    page.close()


@contextmanager
def formgrader(graded: Class, folder: Path) -> Iterator[str]:
    """``./lab nbgrader formgrader`` with settings of its own; yields an address to log in with."""
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        **{f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")},
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_TOKEN": token,
        "DRYDOCK_STATE": str(graded.home / "state"),
    }
    command = [
        *(sys.executable, "-m", "grader", "nbgrader", "formgrader", "--no-browser"),
        *("--port", "0", "--course", str(graded.course.root)),
    ]
    with subprocess.Popen(
        command, env=environment, cwd=project.ROOT, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr
        said: list[str] = []
        rest = threading.Thread(target=said.extend, args=(server.stderr,), daemon=True)
        try:
            address = address_in(server.stderr)
            rest.start()
            _wait_until_it_listens(address, server, said)
            yield f"{address}/formgrader?token={token}"
        finally:
            server.terminate()
            server.wait(30)
            if rest.ident:
                rest.join()


def _wait_until_it_listens(
    address: str, server: subprocess.Popen[str], said: Sequence[str]
) -> None:
    port = int(address.rpartition(":")[2])
    deadline = time.monotonic() + 30
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert server.poll() is None, "".join(said)
        assert time.monotonic() < deadline, "".join(said)
        time.sleep(0.1)


def test_formgrader_lists_the_assignment_and_its_submissions(
    graded: Class, browser: Browser, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    with formgrader(graded, tmp_path) as address:
        page.goto(address)
        row = page.get_by_role("row").filter(has_text=ASSIGNMENT)
        expect(row).to_be_visible(timeout=PATIENCE)
        page.screenshot(path=tmp_path / "assignments.png")
        root = address.partition("?")[0]
        page.goto(f"{root}/manage_submissions/{ASSIGNMENT}")
        ada = page.get_by_role("row").filter(has_text="ada")
        expect(ada).to_contain_text("graded", timeout=PATIENCE)
        expect(ada).to_contain_text(f"{EXERCISE.max_points:g} / {EXERCISE.max_points:g}")
        page.screenshot(path=tmp_path / "submissions.png")
        page.goto(f"{root}/gradebook/{ASSIGNMENT}/{ASSIGNMENT}")
        expect(page.get_by_text("Submission #1").first).to_be_visible(timeout=PATIENCE)
        page.get_by_text("Submission #1").first.click()
        expect(page.locator(".drydock-card").first).to_be_visible(timeout=PATIENCE)
        page.screenshot(path=tmp_path / "submission.png")
    page.close()
