"""Canaries: random values that stand where they belong, and in no report."""

from __future__ import annotations

import base64
import io
import re
import tarfile

import pytest

from grader.answer import submission
from grader.exercise import catalog
from grader.exercise.canary import plans
from grader.grading import runner
from grader.probe.canaries import Canaries
from grader.verdict.event import Event
from grader.verdict.report import CheckResult, Evidence, Status

PLANS = plans(
    {
        "password": {"file": ".env", "sample": "sample"},
        "order": {"file": "order.json", "sample": "first", "public": True},
        "token": {"build_secret": "pip_token"},
        "argument": {"build_argument": "TOKEN"},
        "key": {"run_file": "/run/secrets/key"},
    }
)
FILES = {".env": b"A=sample\n", "order.json": b"first", "other": b"sample"}


def test_values_take_the_place_of_samples() -> None:
    """Only in the files that were named, and each grading draws its own."""
    one, other = Canaries(PLANS), Canaries(PLANS)
    placed = one.placed(FILES)
    assert placed[".env"] == f"A={one.value('password')}\n".encode()
    assert placed["order.json"] == one.value("order").encode()
    assert placed["other"] == b"sample"
    assert other.placed(FILES)[".env"] != placed[".env"]


def test_a_file_without_its_sample_is_noticed() -> None:
    """Else a check would look for a value that stands nowhere."""
    with pytest.raises(ValueError, match=r"\.env"):
        Canaries(PLANS).placed({**FILES, ".env": b"A=\n"})


def test_values_are_handed_out() -> None:
    drawn = Canaries(PLANS)
    assert drawn.build_secrets == {"pip_token": drawn.value("token").encode()}
    assert drawn.build_arguments == {"TOKEN": drawn.value("argument")}
    assert set(drawn.needles) == {"password", "token", "argument", "key"}
    with tarfile.open(fileobj=io.BytesIO(drawn.run_files or b"")) as archive:
        assert archive.getnames() == ["run/secrets/key"]


def test_no_event_shows_a_secret() -> None:
    """Neither plainly nor in base64, in none of its texts."""
    drawn = Canaries(PLANS)
    secret = drawn.value("token")
    text = f"x {secret} {base64.b64encode(f'a{secret}b'.encode()).decode()}"
    check = CheckResult(
        "a", "b", Status.FAILED, 1.0, message=text, evidence=(Evidence(text, text),)
    )
    hidden = str(drawn.hide(Event("check", text, check)))
    assert secret not in hidden
    assert drawn.found_in(hidden) == {}
    assert "‹token›" in hidden


def test_what_a_build_prints_is_redacted() -> None:
    """A learner's RUN may print any file; reports travel further than canaries should."""
    exercise = catalog.find("build_secrets")
    text = "FROM python:3.11-slim\nCOPY . .\nRUN cat .env credentials.json && false\n"
    printed: list[str] = []
    answer = submission.from_texts(exercise, {"Dockerfile": text, ".dockerignore": "x\n"})
    report = runner.grade(exercise, answer, lambda event: printed.append(event.text))
    shown = str(report) + "\n".join(printed)
    assert "DATABASE_PASSWORD=‹env_password›" in shown
    assert not re.search(r"PASSWORD=[0-9a-f]{8}|\"[0-9a-f]{40}\"", shown)
