"""Names of images: one spelling for all ways to write one, and what a name that is known in part
may mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from grader.answer.recipe import familiar
from grader.verdict.outcome import NotInLab
from grader.workflow import unknown

T = TypeVar("T")


def normal(name: str) -> str:
    """One spelling for every way to write an image's name."""
    name = familiar(name.strip().removeprefix("docker://").casefold())
    last = name.rpartition("/")[2]
    return name if ":" in last or "@" in last else f"{name}:latest"


def find(images: Mapping[str, T], name: str) -> T | None:
    for each in unknown.names(name):
        if each.startswith("image "):
            return images.get(unknown.mark(each, unknown.SOME))
    key = normal(name)
    if key in images:
        return images[key]
    if unknown.is_known(key) and all(map(unknown.is_known, images)):
        return None
    near = {image for other, image in images.items() if _may_be(key, other)}
    if len(near) > 1:
        raise NotInLab(
            f"The lab can't tell which image {unknown.shown(name)} would be. Nothing was scored."
        )
    return next(iter(near), None)


def find_text(texts: Mapping[str, str], name: str) -> str:
    key = normal(name)
    return texts.get(key) or next(
        (text for other, text in texts.items() if _may_be(key, other)), ""
    )


def _may_be(name: str, other: str) -> bool:
    if any(each.startswith("image ") for each in unknown.names(other)):
        return False
    return unknown.is_same(name, other) is not False
