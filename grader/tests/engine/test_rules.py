"""Every word with which a learner can ask for something has one of three ways, and no fourth: it
reaches the engine as written, the lab decides it and says why, or it is refused by name.

The words are docker's own: the flags that this machine's ``docker run --help`` prints, the keys of
the compose specification, the instructions that BuildKit's parser knows.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dockerfile
import pytest

from grader.answer import capture, recipe, run_command
from grader.compose import building, review
from grader.engine import cliplugins, permitted, rules
from grader.verdict.outcome import NotInLab

HERE = Path(__file__).parent
WORDS = tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))
CONFIG = {*rules.CONFIG_WRITTEN, *rules.CONFIG_JUDGED, *rules.CONFIG_REFUSED}
READ_ALWAYS = ("NetworkMode", "OomKillDisable")
"""What the lab decides and every caller gets to read."""
NEEDS_A_TERMINAL = {"--attach", "--help"}
"""docker refuses the first in the background, and only prints with the second."""
HOST = {*rules.WRITTEN, *rules.JUDGED, *rules.REFUSED}


def flags() -> list[str]:
    """The flags of ``docker run``, as this machine's docker knows them."""
    said = subprocess.run(
        [cliplugins.docker(), "run", "--help"], capture_output=True, text=True, check=True
    ).stdout
    return sorted(set(re.findall(r"^\s+(?:-\w, )?(--[a-z0-9-]+)", said, re.MULTILINE)))


def request(arguments: str) -> dict[str, Any]:
    """The API body of ``docker run ARGUMENTS scorer``."""
    return capture.create_body([*shlex.split(arguments), "scorer"], "")


def changed(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``mine`` is otherwise in ``theirs``."""
    return {key: value for key, value in mine.items() if theirs.get(key) != value}


def test_every_flag_of_docker_run_was_thought_of() -> None:
    assert set(flags()) <= {*WORDS["flags"], *WORDS["files"], *WORDS["nothing"]}


@pytest.mark.parametrize("flag", sorted(set(flags()) & set(WORDS["flags"])))
def test_what_a_flag_asks_for_goes_one_of_three_ways(flag: str) -> None:
    """It is handed on as it was written, left to the lab, or refused by name."""
    plain, asked = request(""), request(WORDS["flags"][flag])
    beside = changed(asked, plain).keys() - {"HostConfig"}
    assert beside <= CONFIG
    host = changed(asked["HostConfig"], plain["HostConfig"])
    assert beside or host, f"{flag} changes nothing of the request"
    refused = host.keys() & rules.REFUSED.keys() or host.get("NetworkMode") not in (None, "none")
    if refused:
        with pytest.raises(NotInLab, match=r"run\.sh asks for"):
            permitted.host(asked["HostConfig"], "run.sh")
        return
    kept = permitted.host(asked["HostConfig"], "run.sh")
    for key, value in host.items():
        assert key in HOST, f"{flag} sets {key}, which has no rule"
        assert (kept.get(key) == value) is (key in rules.WRITTEN or key in READ_ALWAYS)


@pytest.mark.parametrize("flag", sorted(set(flags()) & set(WORDS["nothing"]) - NEEDS_A_TERMINAL))
def test_a_flag_about_something_else_changes_nothing(flag: str) -> None:
    value = {"--detach-keys": "ctrl-a", "--name": "a", "--platform": "linux/amd64"} | {
        "--pull": "never",
        "--kernel-memory": "10m",
    }
    assert changed(request(f"{flag} {value.get(flag, '')}"), request("")) == {}


def test_flags_with_which_docker_touches_a_file_are_known() -> None:
    assert set(WORDS["files"]) <= set(run_command._FILE_FLAGS)


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


def test_instructions_of_buildkits_parser_have_a_way() -> None:
    assert {name.upper() for name in dockerfile.all_cmds()} == recipe.INSTRUCTIONS
