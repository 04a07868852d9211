"""Text of strangers can't steer a terminal, hide, or turn round what stands beside it."""

from __future__ import annotations

import pytest

from grader.verdict.text import clean


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link", "link"),
        ("over\rwritten\x08", "overwritten"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\x9b31mC1", "31mC1"),
        ("half \ud800 a pair", "half  a pair"),
    ],
)
def test_what_steers_is_taken_out(given: str, shown: str) -> None:
    assert clean(given) == shown


def test_what_a_person_writes_stays() -> None:
    text = "Zürich, 東京,\tشكرا\nand a line"
    assert clean(text) == text
