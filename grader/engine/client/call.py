"""One call to the Docker Engine: what docker-py, requests and urllib3 raise becomes a sentence.

Only this module and its users in this room know docker-py.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import requests
import urllib3
from docker.errors import APIError, DockerException

import docker
from grader.verdict.outcome import EngineError

TIMEOUT = 30.0
"""Seconds that a single call to the engine may take."""

ARCHIVE_SECONDS = 300.0
"""Seconds without a byte of an archive. An engine's own store writes a whole image to the disk
before it sends anything of it: half a minute for 600 MB on a slow machine."""

P = ParamSpec("P")
R = TypeVar("R")


class Refused(EngineError):
    """The engine answered and said no: ``status`` is its HTTP status, ``reason`` its sentence."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"The engine refused: {reason}")
        self.status = status
        self.reason = reason


def translated(call: Callable[P, R]) -> Callable[P, R]:
    """Let nothing of docker-py, requests or urllib3 through."""

    @functools.wraps(call)
    def call_translated(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except APIError as error:
            raise Refused(error.status_code or 500, _sentence(error)) from error
        except (
            DockerException,
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
        ) as error:
            raise EngineError(
                "The Docker Engine stopped answering. Nothing was scored; "
                "./lab doctor says what is wrong."
            ) from error

    return call_translated


def _sentence(error: APIError) -> str:
    return " ".join(str(error.explanation or error).split())


class ByteStream(io.RawIOBase):
    """An archive that the engine sends, read as it comes. Close it, or the engine goes on."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self._answer = answer

    def readable(self) -> bool:
        return True

    @translated
    def read(self, size: int = -1, /) -> bytes:
        return cast(bytes, self._answer.raw.read(None if size < 0 else size))

    def close(self) -> None:
        self._answer.close()
        super().close()


class Calls:
    """What the nouns of an engine share: the client, and archives that are read as they come."""

    def __init__(self, client: docker.APIClient) -> None:
        self._client = client

    def _stream(self, place: str, name: str, **parameters: str) -> ByteStream:
        client: Any = self._client  # docker-py's own generator hands out chunks of its own size
        answer = client._get(
            client._url(place, name),
            params=parameters,
            stream=True,
            timeout=(TIMEOUT, ARCHIVE_SECONDS),
            headers={
                "Accept-Encoding": "identity"
            },  # else the engine compresses what we open again
        )
        client._raise_for_status(answer)
        return ByteStream(answer)
