"""What only the lab lacks is told from a tool's words, and told with what there is instead."""

import re

import pytest

from grader.engine import absent

DOCKERFILE = "FROM python:3.11-slim\nRUN apt-get update && apt-get install -y x && pip install y\n"
SAID = {
    "ERROR: No matching distribution found for numpy==9.9": "numpy==9.9: .* It holds numpy [0-9.]+",
    "ERROR: No matching distribution found for torch": "no torch: .* There is numpy",
    "ERROR: No matching distribution found for some-thing>=2": "some-thing>=2: .*wheels.in",
    "  ╰─▶ Because pdm was not found in the provided package locations": "no pdm: .* There is uv",
    "E: Unable to locate package clang": "no Debian package clang: .* There is gcc",
    "E: Version '9' for 'curl' was not found": "no Debian package curl=9: .* It holds curl",
    "curl: (6) Could not resolve host: example.org": "reaches for a network",
}


@pytest.mark.parametrize("said", SAID)
def test_what_the_lab_lacks_is_named_with_what_there_is(said: str) -> None:
    found = absent.found("exit code: 1", [said], "Line 2: ", DOCKERFILE)
    assert found is not None
    assert re.search(SAID[said], str(found)), str(found)
    assert str(found).endswith("Nothing was scored.")


@pytest.mark.parametrize("said", SAID)
def test_words_that_a_dockerfile_prints_itself_are_no_tools(said: str) -> None:
    text = f'{DOCKERFILE}RUN echo "{said}"; exit 1\n'
    assert absent.found("exit code: 1", [said], "Line 3: ", text) is None
