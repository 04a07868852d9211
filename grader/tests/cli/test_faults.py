"""A fault that nobody foresaw: one sentence, and an exit code that doesn't blame the learner."""

from __future__ import annotations

import json
import sys

import pytest

from grader import cli
from grader.cli import app
from grader.exercise.project import DEBUG


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(app, "of", lambda _: run)
    monkeypatch.setattr(sys, "argv", ["lab", "list", "--json"])


@pytest.mark.usefixtures("fault")
def test_fault_is_said_and_is_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(DEBUG, raising=False)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr()
    assert ended.value.code == 3
    assert "No space left on device" in json.loads(said.out)["error"]
    assert said.err.count("\n") == 1


@pytest.mark.usefixtures("fault")
def test_author_sees_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEBUG, "1")
    with pytest.raises(OSError, match="No space left"):
        cli.main()
