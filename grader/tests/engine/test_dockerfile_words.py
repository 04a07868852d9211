"""Every instruction and flag of the Dockerfile reference reaches BuildKit as written, or is refused
by name. What this machine's BuildKit is too old for is the lab's fault, and said so."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.answer import recipe
from grader.engine import build
from grader.engine.client import connect
from grader.engine.session import Session
from grader.verdict.outcome import BuildFailed, NotInLab

WORDS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
TRIED = {**WORDS["dockerfile"], **WORDS["plain"]}
FILES = {"Dockerfile": b"", "a": b"a", "b": b"b"}
FROM = "FROM python:3.11-slim\n"
REFUSED = {"ADD --checksum", "ADD --keep-git-dir", "ONBUILD"}
NOT_ALLOWED = {"RUN --network=host", "RUN --security", "RUN --device"}
"""What docker itself refuses to whoever doesn't allow it with a flag of ``docker build``."""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(connect()) as opened:
        yield opened


def test_every_instruction_is_tried() -> None:
    assert {word.split()[0] for word in TRIED} == recipe.INSTRUCTIONS


def built(session: Session, reviewed: recipe.Recipe) -> Exception | None:
    """Why BuildKit didn't build it; None where it did."""
    try:
        image = build.build(
            reviewed,
            FILES,
            folder=session.folder,
            labels=session.labels,
            seconds=60,
            printed=lambda line: None,
        )
    except (BuildFailed, NotInLab) as error:
        return error
    session.owns_image(image)
    return None


@pytest.mark.parametrize("word", sorted(TRIED.keys() - REFUSED))
def test_what_is_taken_is_built_as_written(session: Session, word: str) -> None:
    line: str = TRIED[word]
    text = line if line.startswith("FROM") else f"{FROM}{line}"
    reviewed = recipe.review(text)
    assert reviewed.text == text
    failed = built(session, reviewed)
    if isinstance(failed, NotInLab):  # this BuildKit is too old for it
        assert word.split(",")[-1].split()[-1] in str(failed)
        assert "docker/dockerfile:" in str(failed)
    else:
        assert (failed is None) or (word in NOT_ALLOWED and "not allowed" in str(failed)), failed


@pytest.mark.parametrize("word", sorted(REFUSED))
def test_what_is_refused_is_refused_by_name(word: str) -> None:
    with pytest.raises(NotInLab, match=rf"line 2: .*{word.split()[0]}.*Nothing was scored\.$"):
        recipe.review(f"{FROM}{TRIED[word]}")


@pytest.mark.parametrize("directive", WORDS["directives"].values(), ids=WORDS["directives"])
def test_a_directive_keeps_its_effect_or_is_the_frontend_that_is_there(directive: str) -> None:
    text = f"{directive}\n{FROM}RUN echo one \\\n  two\n"
    text = text.replace("\\", "`") if "escape" in directive else text
    reviewed = recipe.review(text)
    assert reviewed.text.split("\n")[1:] == text.split("\n")[1:]
    assert [command.cmd.upper() for command in reviewed.commands] == ["FROM", "RUN"]


def test_another_frontend_is_refused_by_name() -> None:
    with pytest.raises(NotInLab, match=r"line 1: .*own frontend"):
        recipe.review(f"# syntax=example.org/frontend\n{FROM}")
