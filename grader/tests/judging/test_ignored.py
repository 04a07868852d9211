"""What is said of a .dockerignore that doesn't keep a file out."""

import re

import pytest

from grader.judging import ignored

MISSED = {
    ("", ".env"): "No line of .dockerignore matches .env",
    ("# .env", ".env"): "No line",
    (".env # local", ".env"): "line 1, `.env # local`, is one pattern to its end",
    ("*\n!.env", ".env"): "line 2, `!.env`, lets it in again",
    ("*\n!.e*\n.git", ".env"): "line 2",
    (".git\n\n.env", "config/.env"): r"line 3, `.env`, means .*`\*\*/.env`",
    ("'.env'", ".env"): "the quotes belong",
}
KEPT_OUT = [(".env", ".env"), ("**/.env", "config/.env"), ("*\n!app.py", ".env"), (".env/", ".env")]


@pytest.mark.parametrize("given", MISSED)
def test_the_line_that_was_meant_is_named(given: tuple[str, str]) -> None:
    said = ignored.why(*given)
    assert re.search(MISSED[given], said), said


@pytest.mark.parametrize("given", KEPT_OUT)
def test_nothing_is_said_of_a_file_that_is_kept_out(given: tuple[str, str]) -> None:
    assert ignored.why(*given) == ""
