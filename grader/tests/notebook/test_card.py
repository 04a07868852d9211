"""The result card: what a person reads, whatever a submission put into the report."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from grader.notebook import card, picture
from grader.notebook.message import Message
from grader.tests.notebook import reports
from grader.verdict.report import Evidence, Report, Status, SubmissionInfo

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\x00'\"&"


class Tags(HTMLParser):
    """Collects tags with their attributes, and the visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile() -> Report:
    evidence = Evidence(HOSTILE, HOSTILE, HOSTILE)
    check = reports.check(
        HOSTILE, Status.FAILED, message=HOSTILE, why=HOSTILE, hint=HOSTILE, evidence=(evidence,)
    )
    return Report(
        exercise=HOSTILE,
        submission=SubmissionInfo("0", (), (HOSTILE, "a" * 500)),
        checks=(check,),
        engine={"version": HOSTILE, HOSTILE: HOSTILE},
        reproduce=(HOSTILE,),
    )


@pytest.mark.parametrize(
    "report", [reports.failed(), reports.passed(), reports.errored(), hostile(), reports.report()]
)
def test_is_well_formed_and_needs_no_script(report: Report) -> None:
    """Feedback and untrusted notebooks show the same card, so it must do without both."""
    page = Tags(card.render(report, "Title"))
    assert page.open == []
    names = {tag for tag, _ in page.tags}
    assert names.isdisjoint({"script", "style", "iframe", "svg", "link", "input", "button"})
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert all("alt" in attributes for tag, attributes in page.tags if tag == "img")


def test_shows_a_submissions_text_and_never_its_markup() -> None:
    """Everything a report holds may come from a submission."""
    html = card.render(hostile(), HOSTILE)
    assert "<script" not in html
    assert "onerror=alert" not in html.replace("onerror=alert(1)&gt;", "")
    assert "\x1b" not in html
    assert "\x00" not in html
    assert "<script>alert(1)</script>" in Tags(html).text


def test_failed_check_shows_its_receipt() -> None:
    """Observation, command, what it showed, what was expected, why, and a hint to open."""
    page = Tags(card.render(reports.failed(), "Run as an unprivileged user"))
    for said in (
        "Run as an unprivileged user",
        "1 of 3 points",
        "runs with uids (0, 0, 0, 0)",
        "$ docker exec web cat /proc/1/status",
        "Uid:\t0",
        "no 0 among the uids and gids",
        "Root in a container is the kernel's root.",
        "USER takes effect",
        "docker build -t web .",
        "Docker Engine 26.1.5",
        "1.8 s",
    ):
        assert said in page.text


def test_what_stands_between_backticks_is_shown_as_code() -> None:
    check = reports.check(
        "a", Status.FAILED, message="`<b>` and `CMD", why="`why`", hint="See `docker logs web`."
    )
    html = card.render(reports.report(check))
    for shown in (
        "<code>&lt;b&gt;</code> and `CMD",
        "<code>why</code>",
        "See <code>docker logs web</code>.",
    ):
        assert shown in html
    assert "<code>docker ps</code>" in Message("Try `docker ps`.").html


@pytest.mark.parametrize(
    ("observed", "broken"),
    [("┌─────┬─────┐\n│ a   │ b   │\n└─────┴─────┘", False), ("one long line", True)],
)
def test_lines_of_a_table_are_not_broken(observed: str, broken: bool) -> None:
    """They go on to the right, where the arrow keys lead; other text is broken."""
    check = reports.check("a", Status.FAILED, evidence=(Evidence("show", observed, ""),))
    [box, *_] = [
        tags for name, tags in Tags(card.render(reports.report(check))).tags if name == "pre"
    ]
    assert ("overflow-x: auto" in (box["style"] or "")) != broken
    assert ("tabindex" in box) != broken


def test_status_is_a_word_beside_the_colour() -> None:
    """Colour alone tells nothing to many people."""
    text = Tags(card.render(reports.failed())).text
    assert "passed" in text
    assert "failed" in text
    assert "advice" in text


def test_only_failures_are_open() -> None:
    """What needs attention is there at once; the rest is one key away."""
    tags = Tags(card.render(reports.failed())).tags
    assert [tag for tag, attributes in tags if tag == "details" and "open" in attributes] == [
        "details"
    ]


@pytest.mark.parametrize("report", [reports.errored(), reports.report()])
def test_incomplete_report_says_loudly_that_nothing_was_scored(report: Report) -> None:
    """A fault of ours must not look like a bad result, nor like a good one."""
    text = Tags(card.render(report, "Title")).text
    assert "Title: not graded" in text
    assert "Not graded: nothing was scored." in text
    assert "points" not in text.split("Not graded")[0]


def test_absent_capability_is_named() -> None:
    """The learner can't mend a missing GPU, and has to know that it is that."""
    check = reports.check("sees_gpu", Status.SKIPPED, absent="gpu")
    assert "lacks what a check needs (gpu)" in card.render(reports.report(check))


def test_size_is_bounded() -> None:
    """A submission that prints for megabytes can't make a notebook unusable."""
    noise = Evidence("x" * 10**6, "y" * 10**6, "z" * 10**6)
    checks = [
        reports.check(f"c{i}", Status.PASSED, message="m" * 10**6, evidence=(noise,) * 50)
        for i in range(10)
    ]
    html = card.render(reports.report(*checks, reports.check("f", Status.FAILED)))
    assert len(html) <= card.MAX_CARD
    assert "The title of f" in html


def test_ignored_files_are_named_and_counted() -> None:
    """A learner who wonders why app.py has no effect finds the reason."""
    names = tuple(f"file{i}" for i in range(50))
    report = Report("e", SubmissionInfo("0", (), names), (reports.check("c", Status.PASSED),))
    assert "file0, " in card.render(report)
    assert "and 30 more" in card.render(report)


@pytest.mark.parametrize("colour", picture.COLOUR.values())
def test_white_on_status_colours_has_enough_contrast(colour: str) -> None:
    """WCAG asks for 4.5:1 for text of this size."""

    def linear(part: int) -> float:
        value = part / 255
        return value / 12.92 if value <= 0.03928 else float(((value + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5
