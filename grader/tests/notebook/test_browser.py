"""The notebooks as a learner meets them: JupyterLab in a real browser, the real engine."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from grader.exercise import catalog, project
from grader.tests.notebook import run
from grader.tests.notebook.conftest import Desk
from grader.tests.notebook.jupyter import edit_cell, run_all, run_cell, shut_down
from grader.tests.notebook.promises import PROMISES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

NOTEBOOKS = sorted(path.name for path in project.NOTEBOOKS.glob("*.ipynb"))


def outputs(page: Page) -> Locator:
    return page.locator(".jp-OutputArea")


@pytest.fixture
def security(desk: Desk) -> Page:
    """The notebook on security with the lab's commands loaded."""
    desk.switch("01_security.ipynb")
    run_cell(desk.page, "%load_ext grader")
    return desk.page


@pytest.mark.course
@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_notebook_as_handed_out_runs_from_top_to_bottom(
    desk: Desk, notebook: str, untouched: Path
) -> None:
    """Whoever presses "run all" first sees every demonstration work, and no point that wasn't
    earned."""
    desk = replace(desk, state=untouched)
    name = notebook.removesuffix(".ipynb")
    with run.alone(name):
        desk.switch(notebook)
        run_all(desk.page)
        assert run.left_behind(name) == []
    cells = desk.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets.map(c => c.model.toJSON())"
    )
    assert run.complaints(cells) == []
    assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code")
    assert [earned for _, earned, _ in run.scores(cells) if earned] == []
    said = run.shown(cells)
    promised = PROMISES.get(name, {})
    missing = [what for what, shown in promised.items() if not re.search(shown, said, re.DOTALL)]
    assert missing == [], said


def test_quiz_is_answered_with_the_keyboard_alone(security: Page) -> None:
    """Tab, arrows, space and Enter are enough, and what was said is announced."""
    run_cell(security, 'quiz("security", "root")')
    quiz = outputs(security).get_by_role("region", name="Security: as whom does it run?")
    first = quiz.get_by_role("group").first
    options = [radio.get_attribute("value") for radio in first.get_by_role("radio").all()]
    right = first.get_by_role("radio", name="As root, uid 0.")
    place = options.index(right.get_attribute("value"))
    wrong = place - 1 if place else len(options) - 1
    first.get_by_role("radio").nth(wrong).focus()
    security.keyboard.press("Space")
    security.keyboard.press("Tab")
    expect(first.get_by_role("button", name="Check")).to_be_focused()
    security.keyboard.press("Enter")
    expect(first.get_by_role("status")).to_contain_text("Not right.")
    security.keyboard.press("Shift+Tab")
    security.keyboard.press("ArrowDown")
    expect(right).to_be_checked()
    security.keyboard.press("Enter")
    expect(first.get_by_role("status")).to_contain_text("Right.")
    expect(quiz).to_contain_text("1 of 6 answered right")
    assert first.get_by_role("status").get_attribute("aria-live") == "polite"


def test_steps_are_ordered_with_the_keyboard_alone(security: Page) -> None:
    """A button that moves its step keeps the focus, and the new place is announced."""
    run_cell(security, 'quiz("security", "root")')
    quiz = outputs(security).locator(".drydock-quiz")
    question = quiz.get_by_role("group").filter(has=security.get_by_role("list"))
    step = question.get_by_role("listitem").filter(has_text="FROM python:3.11-slim")
    up = step.get_by_role("button", name="Move up")
    up.focus()
    while question.get_by_role("listitem").first.text_content() != step.text_content():
        security.keyboard.press("Enter")
        expect(up).to_be_focused()
    expect(question).to_contain_text("now step 1 of 5")


def test_answers_of_a_quiz_are_remembered(security: Page) -> None:
    """Whoever comes back tomorrow sees what was done today."""
    run_cell(security, 'quiz("security", "root")')
    box = outputs(security).get_by_role("textbox", name="Your number")
    box.fill("0")
    box.press("Enter")
    expect(outputs(security).locator(".drydock-quiz")).to_contain_text("1 of 6 answered right")
    run_cell(security, 'quiz("security", "root")')
    quiz = outputs(security).locator(".drydock-quiz")
    expect(quiz).to_contain_text("1 of 6 answered right")
    expect(quiz).to_contain_text("You have answered this one right before.")


def test_starter_fails_with_receipts_and_the_solution_turns_green(security: Page) -> None:
    """The way of a learner: grade the starter, read, write the answer, grade again."""
    run_cell(security, "%%answer nonroot_user")
    expect(outputs(security).filter(has_text="Dockerfile saved (6 lines)")).to_be_visible()
    run_cell(security, "grade(")
    card = outputs(security).locator(".drydock-card")
    expect(card).to_contain_text("failed")
    expect(card).to_contain_text("See it yourself")
    expect(card.get_by_role("heading", name="Run as an unprivileged user")).to_be_visible()

    editor = edit_cell(security, "%%answer nonroot_user")
    editor.click()
    security.keyboard.press("Control+a")
    solved = catalog.find("nonroot_user").solved["Dockerfile"]
    security.keyboard.insert_text(f"%%answer nonroot_user Dockerfile\n{solved}")
    run_cell(security, "%%answer nonroot_user")
    run_cell(security, "grade(")
    expect(card).to_contain_text("6 of 6 points")
    expect(card).not_to_contain_text("failed")


def test_buttons_under_the_card_are_used_with_the_keyboard(security: Page) -> None:
    """A hint, and a reset that asks first: both one key away, both announced."""
    run_cell(security, "%%answer nonroot_user")
    run_cell(security, "grade(")
    row = outputs(security).get_by_role("group", name="Help with: Run as an unprivileged user")
    announced = row.locator("[aria-live=polite]")
    row.get_by_role("button", name="Hint").focus()
    security.keyboard.press("Enter")
    expect(announced).to_contain_text("Hint 1 of")
    security.keyboard.press("Tab")
    security.keyboard.press("Enter")
    expect(row.get_by_role("button", name="Yes")).to_be_focused()
    security.keyboard.press("Enter")
    expect(announced).to_contain_text("The starter of nonroot_user is back")


def test_reopened_notebook_shows_the_card_and_no_dead_buttons(desk: Desk, security: Page) -> None:
    """One's own notebook the next day, with a new kernel."""
    run_cell(security, 'quiz("security", "root")')
    run_cell(security, "%%answer nonroot_user")
    run_cell(security, "grade(")
    expect(outputs(security).locator(".drydock-actions")).to_be_visible()
    security.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    shut_down(security)
    desk.open("01_security.ipynb")
    edit_cell(security, 'quiz("security", "root")')
    expect(outputs(security).locator(".drydock-quiz-text")).to_be_visible()
    edit_cell(security, "grade(")
    expect(outputs(security).locator(".drydock-card")).to_contain_text("of 6 points")
    expect(security.get_by_text("Error displaying widget").filter(visible=True)).to_have_count(0)


def test_untrusted_notebook_shows_the_card_and_the_questions(desk: Desk, security: Page) -> None:
    """Someone else's saved notebook: no widgets, no styles of ours, and all of it readable."""
    run_cell(security, 'quiz("security", "root")')
    run_cell(security, "%%answer nonroot_user")
    run_cell(security, "grade(")
    expect(outputs(security).locator(".drydock-actions")).to_be_visible()
    security.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    stranger(desk.folder / "01_security.ipynb", desk.folder / "stranger.ipynb")
    desk.open("stranger.ipynb")
    page = desk.page
    edit_cell(page, 'quiz("security", "root")')
    expect(outputs(page).locator(".drydock-quiz-text")).to_contain_text("As root, uid 0.")
    edit_cell(page, "grade(")
    card = outputs(page).locator(".drydock-card")
    expect(card).to_contain_text("of 6 points")
    expect(card.locator("pre").first).to_be_visible()
    expect(outputs(page).locator(".drydock-actions")).to_have_count(0)
    expect(page.get_by_text("Error displaying widget")).to_have_count(0)


def stranger(saved: Path, copy: Path) -> None:
    """The same notebook with one output changed, so that its signature is nobody's."""
    content = json.loads(saved.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        for output in cell.get("outputs", []):
            html = output.get("data", {}).get("text/html")
            if html:
                output["data"]["text/html"] = ["<p></p>", *html]
    copy.write_text(json.dumps(content), encoding="utf-8")
