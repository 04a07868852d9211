"""The picture of a workflow: it shows what its steps do, tells it in words, and trusts no text."""

from __future__ import annotations

from xml.etree import ElementTree

from grader.draw.grid import Cell, Row, outcome_grid
from grader.workflow.picture import picture

HOSTILE = "</text><script>alert(1)</script>\x1b[31m\u202e\"'&"
STEPS = """
on: [push, pull_request]
jobs:
  all:
    runs-on: ubuntu-24.04
    permissions: {packages: write}
    steps:
      - uses: actions/checkout@v4
      - {name: Test, run: python3 -m unittest discover -s tests}
      - {name: Release, if: github.event_name == 'push', run: "docker build -t ghcr.io/a/b . && docker login ghcr.io -u a --password-stdin && docker push ghcr.io/a/b"}
"""  # noqa: E501


def test_the_words_tell_each_case() -> None:
    words = repr(picture(STEPS))
    assert "the tests fail: actions/checkout: went, Test: failed, tests, Release: left out" in words
    assert "pull request: all is well: actions/checkout: went, Test: went, tests" in words


def test_an_event_that_starts_nothing_is_said() -> None:
    words = repr(picture(STEPS.replace("[push, pull_request]", "push")))
    assert words.endswith("pull request: all is well: not started.")


def test_text_from_outside_stays_text() -> None:
    """A step's name is a learner's; it ends up in a page."""
    grid = outcome_grid(HOSTILE, [(HOSTILE, "")], [Row(HOSTILE, [Cell("failed", HOSTILE)])])
    tree = ElementTree.fromstring(grid.svg)
    assert not [each for each in tree.iter() if each.tag.endswith("script")]
    assert "<script" not in grid._repr_html_()
