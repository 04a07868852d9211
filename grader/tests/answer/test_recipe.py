"""Dockerfiles are reviewed before BuildKit sees them: what reaches out is refused, what is merely
unusual passes."""

from __future__ import annotations

import pytest

from grader.answer import recipe
from grader.engine.bases import DISTROLESS, FULL, SLIM
from grader.verdict.outcome import BuildFailed, NotInLab

FROM = "FROM python:3.11-slim\n"


@pytest.mark.parametrize(
    "text",
    [
        "//syntax=host/evil:1\n" + FROM,
        '{"syntax": "host/evil:1"}\n' + FROM,
        FROM + "RUNN true",
        FROM + "COPY --from=$WHERE a b",
        "RUN true",
        "",
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(BuildFailed) as refused:
        recipe.review(text)
    assert "Dockerfile" in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        FROM + "ADD http://host/file /x",
        FROM + "ADD https://host/file /x",
        FROM + 'ADD ["https://host/file", "/x"]',
        FROM + "ADD git@host:repository.git /x",
        FROM + "ADD git://host/repository /x",
        FROM + "ADD github.com/somebody/something /x",
        FROM + "ADD local https://host/second /x/",
        FROM + "ADD //host/file /x",
        "ARG U=https://host/file\n" + FROM + "ARG U\nADD $U /x",
        FROM + "ADD ${U:-https://host/file} /x",
        FROM + "ONBUILD ADD https://host/file /x",
        FROM + "ONBUILD RUN true",
        "# syntax=host/evil:1\n" + FROM,
        "#syntax = host/evil\n" + FROM,
        "# SYNTAX=host/evil:1\n" + FROM,
        "#!/usr/bin/env docker\n# syntax=host/evil:1\n" + FROM,
        "# a comment first\n# syntax=host/evil:1\n" + FROM,
    ],
)
def test_reaching_out_is_refused_and_not_scored(text: str) -> None:
    with pytest.raises(NotInLab, match="Dockerfile, line"):
        recipe.review(text)


@pytest.mark.parametrize("before", ["", "# syntax=docker/dockerfile:1\n", "# check=skip=all\n"])
def test_an_escape_character_reaches_buildkit_as_the_first_directive(before: str) -> None:
    """BuildKit reads no directive below a comment, which the others have become."""
    reviewed = recipe.review(before + "# escape=`\n" + FROM + "RUN true `\n && false\n")
    assert reviewed.text.startswith("# escape=`\n")
    assert reviewed.commands[-1].start_line == 3 + bool(before)
    assert (
        reviewed.commands[-1].original.count("\n") == 0 or "false" in reviewed.commands[-1].value[0]
    )


@pytest.mark.parametrize(
    "text",
    [
        "FROM ubuntu:22.04",
        "FROM python:3.12-slim",
        "FROM evil.example/python:3.11-slim",
        "FROM python:3.11-slim@sha256:" + "0" * 64,
        "ARG T=3.9\nFROM python:${T}",
        FROM + "COPY --from=alpine:3 /bin/busybox /x",
        FROM + "RUN --mount=type=bind,from=alpine,target=/x true",
    ],
)
def test_images_that_the_lab_lacks_are_never_counted(text: str) -> None:
    with pytest.raises(NotInLab, match="the lab has no image"):
        recipe.review(text)


@pytest.mark.parametrize(
    ("text", "images"),
    [
        (FROM, {SLIM}),
        ("FROM docker.io/library/python:3.11-slim\n", {SLIM}),
        ("FROM --platform=$BUILDPLATFORM python:3.11-slim AS a\nFROM a\n", {SLIM}),
        ("ARG V=3.11\nARG K=slim\nFROM python:${V}-${K}\n", {SLIM}),
        ("ARG V\nFROM python:${V:-3.11}\n", {FULL}),
        ("FROM python:3.11 AS b\nFROM python:3.11-slim\nCOPY --from=b a b\n", {FULL, SLIM}),
        ("FROM python:3.11 AS Build\nFROM scratch\nCOPY --from=build a b\n", {FULL}),
        ("FROM python:3.11\nFROM python:3.11-slim\nCOPY --from=0 a b\n", {FULL, SLIM}),
        (FROM + "COPY --from=gcr.io/distroless/python3-debian12 /a /b\n", {SLIM, DISTROLESS}),
        ("# syntax=docker/dockerfile:1\n" + FROM, {SLIM}),
        ("# syntax=docker.io/docker/dockerfile:1.7-labs\n" + FROM, {SLIM}),
        ("\ufefffrom python:3.11-slim\r\nrun true\r\n", {SLIM}),
        (FROM + "RUN <<EOF\nADD http://is.only/text\nEOF\n", {SLIM}),
        (FROM + "ADD local.tar.gz /x\nRUN echo https://fine\n", {SLIM}),
        (FROM + "# escape=` behind the first instruction is a comment\n", {SLIM}),
    ],
)
def test_unusual_right_dockerfiles_pass(text: str, images: set[str]) -> None:
    assert set(recipe.review(text).images.values()) == images


def test_build_arguments_stand_in_for_defaults() -> None:
    """What BuildKit builds on is what was reviewed."""
    text = "ARG BASE=python:3.11-slim\nFROM ${BASE}\n"
    assert set(recipe.review(text, given={"BASE": "python:3.11"}).images.values()) == {FULL}
    with pytest.raises(NotInLab, match="no image 'other'"):
        recipe.review(text, given={"BASE": "other"})


def test_blanking_the_frontend_keeps_line_numbers() -> None:
    reviewed = recipe.review("# syntax=docker/dockerfile:1\n" + FROM)
    assert reviewed.commands[0].start_line == 2
    assert "syntax" not in reviewed.text


@pytest.mark.parametrize(
    "text",
    [
        "FROM ${TARGETOS:+other:}${TARGETOS:-python:3.11-slim}",
        "FROM python:3.11-slim${TARGETVARIANT}",
        "ARG BASE=${TARGETOS:+other}\nFROM ${BASE:-python:3.11-slim}",
        "FROM ${X:-${TARGETARCH}}",
    ],
)
def test_base_that_buildkit_reads_otherwise_is_not_taken(text: str) -> None:
    """BuildKit gives these a value without any ARG: the review would read another name than it."""
    with pytest.raises(NotInLab, match="line 1: TARGET"):
        recipe.review(text + "\n")


def test_platform_of_a_build_is_no_name() -> None:
    """Everyday practice of images for several platforms, and in a stage it names no image."""
    text = "FROM --platform=$BUILDPLATFORM python:3.11-slim\nARG TARGETOS=$TARGETARCH\n"
    assert list(recipe.review(text).images) == ["python:3.11-slim"]
