"""Builds on the real engine: hermetic, bounded, and honest about what failed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from grader.answer import recipe
from grader.answer.recipe import Recipe
from grader.engine import build
from grader.engine.build import Secret
from grader.engine.client import connect
from grader.engine.session import Session
from grader.verdict.outcome import BuildFailed, EngineError, GraderError

NEW = f": {token_hex(4)};"
"""A command that no build has run before: a step from the cache prints nothing."""
FROM = "FROM python:3.11-slim\n"


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(connect()) as opened:
        yield opened


def run(session: Session, text: str, seconds: float = 60.0, **options: object) -> list[str]:
    """Build and return what was printed."""
    printed: list[str] = []
    text = re.sub(r"RUN (--mount\S+ )?", rf"RUN \1{NEW} ", text)
    files = {"Dockerfile": b"", "keep.txt": b"kept", "secret.txt": b"hidden"}
    files.update(options.pop("files", {}))  # type: ignore[call-overload]
    image = build.build(
        recipe.review(text),
        files,
        folder=session.folder,
        labels=session.labels,
        seconds=seconds,
        printed=printed.append,
        **options,  # type: ignore[arg-type]
    )
    session.owns_image(image)
    return printed


def test_failing_step_is_named_with_its_line_and_output(session: Session) -> None:
    with pytest.raises(BuildFailed) as failed:
        run(session, FROM + "RUN echo before\nRUN echo so-it-said; exit 7\n")
    assert "Line 3" in failed.value.message
    assert "exit code: 7" in failed.value.message
    assert "so-it-said" in failed.value.evidence[0].observed


@pytest.mark.slow
def test_deadline_ends_the_build_and_names_the_step(session: Session) -> None:
    with pytest.raises(BuildFailed, match=r"within 2 s.*sleep 600"):
        run(session, FROM + "RUN sleep 600\n", seconds=2.0)


def test_there_is_no_network(session: Session) -> None:
    printed = run(session, FROM + "RUN cat /proc/net/dev | tail -n +3 | cut -d: -f1\n")
    assert [line.strip() for line in printed if line.strip() in ("lo", "eth0")] == ["lo"]


def test_dockerignore_is_honoured(session: Session) -> None:
    printed = run(session, FROM + "COPY . /x\nRUN ls /x\n", files={".dockerignore": b"secret*\n"})
    assert "keep.txt" in printed
    assert "secret.txt" not in printed


def test_secrets_are_mounted_and_not_kept(session: Session) -> None:
    text = FROM + "RUN --mount=type=secret,id=token wc -c < /run/secrets/token; ls /run/secrets\n"
    text += "RUN ls /run/secrets 2>&1 | wc -l\n"
    printed = run(session, text, secrets=[Secret("token", b"12345678")])
    assert "8" in printed
    assert "token" in printed


@pytest.mark.slow
def test_packages_install_without_a_network(session: Session) -> None:
    text = FROM + "RUN pip install --no-cache-dir flask && apt-get update -qq\n"
    text += "RUN apt-get install -y -qq --no-install-recommends curl && curl --version\n"
    assert any(line.startswith("curl 7") for line in run(session, text))


def test_missing_lab_image_is_our_fault(session: Session) -> None:
    absent = Recipe(FROM, {"python:3.11-slim": "drydock/not-there:1"}, ())
    with pytest.raises(GraderError, match=r"\./lab setup"):
        build.build(
            absent,
            {},
            folder=session.folder,
            labels={},
            seconds=60,
            printed=lambda line: None,
        )


def test_build_that_ends_before_the_dockerfile_is_read_is_our_fault(session: Session) -> None:
    """Nothing of the answer was looked at: a network that BuildKit doesn't know is nobody's RUN."""
    with pytest.raises(EngineError, match="before your Dockerfile was read"):
        run(session, FROM, network="container:web")


def test_long_output_does_not_hide_that_the_dockerfile_was_read(session: Session) -> None:
    with pytest.raises(BuildFailed, match="exit code: 3"):
        run(session, FROM + "RUN seq 5000; exit 3\n")


def test_image_is_known_by_the_id_that_comes_back(session: Session) -> None:
    """On the store of this engine; test_stores.py builds on both."""
    printed: list[str] = []
    identity = build.build(
        recipe.review(FROM + f"RUN {NEW}\n"),
        {},
        folder=session.folder,
        labels=session.labels,
        seconds=60,
        printed=printed.append,
    )
    session.owns_image(identity)
    assert session.engine.image(identity)["Id"] == identity


def test_engine_that_is_gone_is_our_fault(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(EngineError):
        run(session, FROM)
