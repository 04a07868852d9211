"""How a service's image is built: the exercise's own folder and Dockerfile, or words of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.answer.recipe import familiar
from grader.engine import permitted
from grader.verdict.outcome import LearnerFault, NotInLab

DOCKERFILE = "Dockerfile"
PROJECT_IMAGE = "scorer"
TAKEN = frozenset({"context", "dockerfile", "dockerfile_inline", "target", "labels", "args"})
JUDGED: Mapping[str, str] = {
    "tags": "further names for the same image",
    "pull": "the lab's images are there",
    "no_cache": "only how fast it is built",
    "cache_from": "only how fast it is built",
    "cache_to": "only how fast it is built",
    "network": "builds have no network here, whichever they ask for",
    "shm_size": "what a RUN step may use, not the image",
    "platforms": "the lab has images of one platform",
}
REFUSED: Mapping[str, str] = {
    "additional_contexts": "it reads other folders or images",
    "ssh": "it hands over keys of this machine",
    "secrets": "it hands over files at build time; no exercise with Compose asks for that",
    "entitlements": "it loosens the build's isolation",
    "privileged": "it loosens the build's isolation",
    "extra_hosts": "there is nobody to find",
    "isolation": "it belongs to Windows",
    "ulimits": "the lab bounds builds itself",
    "provenance": "the lab's builds have none",
    "sbom": "the lab's builds have none",
}
"""What may stand below ``build``: taken, decided by the lab with the reason, refused."""


@dataclass(frozen=True)
class Building:
    """A Dockerfile's text, and the words beside it."""

    dockerfile: str
    target: str
    labels: Mapping[str, str]
    arguments: Mapping[str, str]


def read(
    asked: Mapping[str, Any], service: str, name: str, files: Mapping[str, bytes]
) -> Building | None:
    """None where the image is the exercise's own, as ``build: .`` makes it. Raises LearnerFault,
    and NotInLab for what the lab can't build."""
    build, image = asked.get("build"), asked.get("image")
    where = f"{name}, service {service}"
    if build is None:
        _check_image(image, where)
        return None
    if not isinstance(build, dict):
        build = {"context": build}
    for key in build:
        if key in REFUSED:
            raise permitted.refused(where, f"build: {key}", REFUSED[key])
        if key not in TAKEN and key not in JUDGED and not str(key).startswith("x-"):
            raise LearnerFault(f"{where}: {str(key)[:40]!r} is no key of build.")
    context = str(build.get("context", "."))
    if context.rstrip("/") not in (".", ""):
        raise LearnerFault(f"{where} builds from {context[:60]!r}; the service lies in '.'")
    inline, file = build.get("dockerfile_inline"), str(build.get("dockerfile", DOCKERFILE))
    if inline is not None and "dockerfile" in build:
        raise LearnerFault(f"{where}: Compose takes dockerfile or dockerfile_inline, not both.")
    own = file.removeprefix("./")
    if inline is None and own not in (DOCKERFILE, *files):
        raise LearnerFault(f"{where} builds from {file[:60]!r}, which isn't there.")
    plain = inline is None and own == DOCKERFILE
    labels, arguments = pairs(build.get("labels"), where), pairs(build.get("args"), where)
    for key in arguments:
        if key.upper().startswith("BUILDKIT_") or key.lower().endswith("_proxy"):
            raise permitted.refused(
                where,
                f"build: args: {key[:60]}",
                "it tells BuildKit itself what to fetch",
            )
    target = str(build.get("target") or "")
    if plain and not labels and not arguments and not target:
        return None
    text = str(inline) if inline is not None else files[own].decode("utf-8", "replace")
    return Building(text, target, labels, arguments)


def pairs(asked: Any, where: str) -> dict[str, str]:
    """A mapping, or a list of ``key=value``, as Compose takes either. A name without a value takes
    one from the environment, where there is none here. Raises LearnerFault."""
    if asked is None:
        return {}
    if isinstance(asked, dict):
        return {str(key): _text(value) for key, value in asked.items() if value is not None}
    if isinstance(asked, list):
        split = (str(each).partition("=") for each in asked)
        return {key: value for key, separator, value in split if separator}
    raise LearnerFault(f"{where}: {str(asked)[:40]!r} should be a mapping or a list.")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_image(image: Any, where: str) -> None:
    if not image:
        raise LearnerFault(f"{where} says neither build: . nor an image.")
    if familiar(str(image)).partition(":")[0] != PROJECT_IMAGE:
        raise NotInLab(
            f"{where} runs the image {str(image)[:80]!r}, which the lab doesn't have; in this "
            "exercise the service is built with build: . – nothing was scored."
        )
