"""Which programs are called, wherever Docker's packages have put them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import compose
from grader.engine import cliplugins
from grader.verdict.outcome import EngineError, GraderError

FILE = "services:\n  scorer:\n    build: .\n    stop_grace_period: 42s\n"


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugins are in none of the folders that are known here."""
    monkeypatch.setattr(cliplugins, "_FOLDERS", ())
    _forget()
    yield
    _forget()


def _forget() -> None:
    cliplugins.compose.cache_clear()
    cliplugins.buildx.cache_clear()


@pytest.mark.usefixtures("nowhere")
def test_compose_is_found_through_docker() -> None:
    """Docker's command line knows more folders (``cliPluginsExtraDirs``)."""
    assert cliplugins.compose()[1:] == ("compose",)
    assert compose.read(FILE).service().config["StopTimeout"] == 42


@pytest.mark.usefixtures("nowhere")
def test_what_is_missing_is_a_fault_of_the_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="buildx is missing"):
        cliplugins.buildx()
    with pytest.raises(GraderError, match="command line is missing"):
        cliplugins.compose()


@pytest.mark.usefixtures("nowhere")
def test_a_users_own_plugin_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, systems = tmp_path / "own", tmp_path / "system"
    for folder in (own, systems):
        folder.mkdir()
        for name in ("docker-buildx", "docker-compose"):
            (folder / name).touch(mode=0o755)
    monkeypatch.setattr(cliplugins, "_FOLDERS", (str(own), str(systems)))
    assert cliplugins.buildx() == (str(own / "docker-buildx"),)
    assert cliplugins.compose() == (str(own / "docker-compose"),)
