"""Every word with which a learner can ask for something has one of three ways, and no fourth: it
reaches the engine as written, the lab decides it and says why, or it is refused by name.

The words are docker's own: the flags that this machine's ``docker run --help`` prints, the keys of
the compose specification, the instructions and flags of the Dockerfile reference.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from grader.answer import capture, recipe
from grader.compose import building, review
from grader.engine import cliplugins, rules

HERE = Path(__file__).parent
WORDS = tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))
CONFIG = {*rules.CONFIG_WRITTEN, *rules.CONFIG_JUDGED, *rules.CONFIG_REFUSED}
HOST = {*rules.WRITTEN, *rules.JUDGED, *rules.REFUSED}


def flags() -> list[str]:
    """The flags of ``docker run``, as this machine's docker knows them."""
    said = subprocess.run(
        [cliplugins.docker(), "run", "--help"], capture_output=True, text=True, check=True
    ).stdout
    return sorted(set(re.findall(r"^\s+(?:-\w, )?(--[a-z0-9-]+)", said, re.MULTILINE)))


def differing(arguments: str) -> set[str]:
    """The keys of the API body that some words change."""
    plain = capture.create_body(["scorer"], "")
    asked = capture.create_body([*shlex.split(arguments), "scorer"], "")

    def changed(mine: dict[str, Any], theirs: dict[str, Any]) -> set[str]:
        return {key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)}

    found = changed(asked, plain) - {"HostConfig"}
    return found | {f"HostConfig.{k}" for k in changed(asked["HostConfig"], plain["HostConfig"])}


@pytest.mark.parametrize("flag", flags())
def test_a_flag_of_docker_run_has_a_way(flag: str) -> None:
    """The table says with which words it is tried; what they change in the body has a rule."""
    assert flag in WORDS["flags"], f"docker run has a flag {flag} that nobody has thought of"
    words = WORDS["flags"][flag]
    if not words:
        return
    for key in differing(words):
        name = key.removeprefix("HostConfig.")
        assert name in (HOST if "." in key else CONFIG), f"{flag} sets {key}, which has no rule"


def test_the_ways_do_not_overlap() -> None:
    for ways in (
        (rules.WRITTEN, rules.JUDGED, rules.REFUSED),
        (rules.CONFIG_WRITTEN, rules.CONFIG_JUDGED, rules.CONFIG_REFUSED),
        (review.TAKEN, review.JUDGED, review.REFUSED),
        (building.TAKEN, building.JUDGED, building.REFUSED),
    ):
        together = [key for way in ways for key in way]
        assert len(together) == len(set(together))


def test_keys_of_the_compose_specification_have_a_way() -> None:
    assert set(WORDS["compose"]["service"]) <= {*review.TAKEN, *review.JUDGED, *review.REFUSED}
    assert set(WORDS["compose"]["build"]) <= {
        *building.TAKEN,
        *building.JUDGED,
        *building.REFUSED,
    }
    assert set(WORDS["compose"]["top"]) <= {*review.TOP_LEVEL, "include"}


def test_instructions_of_the_dockerfile_reference_have_a_way() -> None:
    assert set(WORDS["dockerfile"]["instructions"]) == recipe.INSTRUCTIONS
