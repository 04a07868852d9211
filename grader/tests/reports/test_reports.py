"""What a class came to, written down: complete, and nothing of a submission can act in it."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser

from grader import reports
from grader.batch.coordinator import Graded
from grader.exercise import catalog
from grader.reports import pages, summary, table
from grader.tests.reports.conftest import EXERCISE, FORMULA, MARKUP

EXERCISES = catalog.discover()


def test_table_has_a_row_for_every_answer(hostile_class: list[Graded], tmp_path: Path) -> None:
    reports.write_table(tmp_path / "x.csv", hostile_class)
    rows = list(csv.DictReader((tmp_path / "x.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == len(hostile_class)
    by_student = {row["student"]: row for row in rows}
    assert (by_student["ada"]["score"], by_student["ada"]["max_score"]) == ("3.0", "3.0")
    assert by_student["bob"]["failed_checks"] == "process_not_root"
    assert (by_student["dan"]["status"], by_student["dan"]["score"]) == ("not graded", "")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    """A spreadsheet would run it on the instructor's machine."""
    assert str(table.cell(text)).startswith("'")


def test_numbers_stay_numbers() -> None:
    assert (table.cell(-1.5), table.cell("plain")) == (-1.5, "plain")


def test_junit_says_what_failed_and_what_was_not_graded(
    hostile_class: list[Graded], tmp_path: Path
) -> None:
    reports.write_junit(tmp_path / "x.xml", hostile_class)
    suites = {suite.get("name"): suite for suite in ElementTree.parse(tmp_path / "x.xml").getroot()}
    bob = suites[f"bob.{EXERCISE.id}"]
    assert (bob.get("tests"), bob.get("failures"), bob.get("errors")) == ("2", "1", "0")
    assert suites[f"flo.{EXERCISE.id}"].find("testcase/error") is not None


def test_messages_are_counted_alike_whatever_they_quote(hostile_class: list[Graded]) -> None:
    """Names and numbers differ from learner to learner; the mistake is one."""
    [row] = summary.failing(hostile_class)
    assert (row.check, row.failed, row.judged, row.same) == ("process_not_root", 4, 5, 2)


def test_pages_hold_nothing_that_could_act(hostile_class: list[Graded], tmp_path: Path) -> None:
    index = reports.write_pages(tmp_path, hostile_class, EXERCISES)
    found = list(tmp_path.glob("*.html"))
    assert len(found) == 1 + len({each.entry.student for each in hostile_class})
    for path in [index, *found]:
        html = path.read_text()
        assert MARKUP not in html
        assert "<script" not in html
        assert "\x1b" not in html


def test_file_names_are_plain_and_different() -> None:
    """A name with a path in it leads nowhere, and two that look alike are two."""
    names = {pages.file_name(name) for name in ("../../etc/passwd", "a b", "a-b", "", "\ud800")}
    assert len(names) == 5
    assert all("/" not in name and ".." not in name for name in names)


@pytest.mark.slow
def test_pages_in_a_browser_ask_for_nothing_and_run_nothing(
    hostile_class: list[Graded], tmp_path: Path, browser: Browser
) -> None:
    """Opened from disk: no request leaves the page, no script runs, every link leads to a page."""
    index = reports.write_pages(tmp_path, hostile_class, EXERCISES)
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
    page.goto(index.as_uri())
    links = page.eval_on_selector_all("a", "links => links.map(link => link.href)")
    for link in dict.fromkeys(links):
        page.goto(link)
        assert page.title().endswith(": results")
    assert not [url for url in asked if not url.startswith(("file://", "data:"))]
    assert page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
    page.close()


def test_formula_stays_text_on_a_page(hostile_class: list[Graded], tmp_path: Path) -> None:
    """Pages aren't spreadsheets: a name is shown as it is."""
    index = reports.write_pages(tmp_path, hostile_class, EXERCISES)
    assert FORMULA.replace('"', "&quot;") in index.read_text()
