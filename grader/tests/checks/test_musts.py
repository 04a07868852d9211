"""A specification is judged in every sentence: the checks behind each demand of a brief."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.exercise import catalog, checkspec
from grader.exercise.catalog import Exercise

EXERCISES = catalog.discover()
TABLE: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
    Path(__file__).with_name("musts.toml").read_text("utf-8")
)
_SENTENCE = re.compile(r'(?<=[.!?:;])\s+(?=[A-Z(/"])')


def demands(name: str) -> Mapping[str, list[str]]:
    return {phrase: checks for phrase, checks in TABLE[name].items() if phrase != "told"}


def ids(exercise: Exercise) -> set[str]:
    return {spec.id for spec in checkspec.read(exercise.checks_path)}


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.id)
def test_every_sentence_of_a_brief_is_judged_or_demands_nothing(exercise: Exercise) -> None:
    told = TABLE[exercise.id]["told"]
    phrases = [*demands(exercise.id), *told]
    brief = " ".join(exercise.brief.split())
    assert [phrase for phrase in phrases if phrase not in brief] == []
    silent = [
        sentence
        for sentence in _SENTENCE.split(brief)
        if not any(phrase in sentence for phrase in demands(exercise.id))
        and not sentence.startswith(tuple(told))
    ]
    assert silent == []


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.id)
def test_every_check_stands_behind_a_demand(exercise: Exercise) -> None:
    named = {check for checks in demands(exercise.id).values() for check in checks}
    if exercise.id == "production_service":
        named |= {check for checks in demands("specification").values() for check in checks}
    assert named == ids(exercise)


def test_every_row_and_point_of_the_specification_is_judged() -> None:
    exercise = EXERCISES["production_service"]
    raw = exercise.given["SPECIFICATION.md"].decode()
    text = " ".join(raw.split())
    phrases = demands("specification")
    assert [phrase for phrase in phrases if phrase not in text] == []
    rows = [row for row in raw.splitlines() if re.match(r"\| (`|the same)", row)]
    points = re.split(r" (?=\d+\. \*\*)", text.partition("## The ten points")[2])[1:]
    assert len(points) == 10
    silent = [each for each in (*rows, *points) if not any(phrase in each for phrase in phrases)]
    assert silent == []
    assert set(re.findall(r"\d+\. \*\*(\w+)\*\*", text)) == ids(exercise)
