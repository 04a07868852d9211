"""Which engines are graded on."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import MappingProxyType
from typing import Any

import pytest
import requests

from grader.engine import client
from grader.verdict.outcome import EngineError


@contextmanager
def answering(version: str, others: Mapping[str, bytes] = MappingProxyType({})) -> Iterator[str]:
    """The address of something that says of itself what an engine of that version says, and to
    ``others`` (the ends of paths) what is given, in one piece."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self.rfile.read(length)  # unread, it ends in a reset
            about = json.dumps({"Version": version, "ApiVersion": "1.44", "Id": "one"}).encode()
            given = (said for end, said in others.items() if self.path.endswith(end))
            said = next(given, about)
            if not said.startswith(b"HTTP/"):
                head = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                said = head % len(said) + said
            self.wfile.write(said)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Nothing to say."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"tcp://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_engine_without_start_intervals_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would call services of the exercises healthy too late."""
    with answering("24.0.7") as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        with pytest.raises(EngineError, match=r"is 24\.0\.7; 25 or newer is needed"):
            client.connect()


@pytest.mark.parametrize("version", ["25.0.0", "29.1.2", "28.0.0+1", "dev"])
def test_newer_engines_are_taken(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    with answering(version) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        client.connect().close()


def test_version_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    get = requests.Session.get

    def counted(self: requests.Session, url: str, **options: Any) -> requests.Response:
        asked.append(url)
        return get(self, url, **options)

    monkeypatch.setattr(requests.Session, "get", counted)
    connected = client.connect()
    assert connected.facts.version
    connected.close()
    assert [url.rpartition("/")[2] for url in asked] == ["version", "info"]


def test_calls_in_threads_survive_what_pytest_does_to_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A listing of os.environ fails when a variable goes meanwhile: a check lost its points."""

    class Changing(dict[str, str]):
        def items(self) -> Any:
            raise KeyError("PYTEST_CURRENT_TEST")

    connected = client.connect()
    monkeypatch.setattr(os, "environ", Changing(os.environ))
    connected.ping()
    connected.close()


def test_proxy_of_the_environment_leads_to_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering("28.0.0") as proxy:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", proxy.replace("tcp", "http"))
        monkeypatch.setenv("DOCKER_HOST", "tcp://engine.invalid:2375")
        connected = client.connect()
        connected.ping()
        connected.close()


@pytest.mark.timeout(30)
def test_output_that_comes_with_the_head_of_the_answer_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A command that is over before its output is asked for: a busy engine sends all at once."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"
    frames = b"\1\0\0\0\0\0\0\3out" + b"\2\0\0\0\0\0\0\3err"
    with answering("26.1.5", {"/start": head + frames, "/json": b'{"ExitCode": 3}'}) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        connected = client.connect()
        assert connected.execute("web", ["true"]) == (3, b"outerr")
        connected.close()
