"""Containers of an engine: made, started, listened to, stopped, removed."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, cast

from docker.errors import APIError
from docker.types import CancellableStream

from grader.engine.client.call import Calls, translated

FRAME_HEADER = 8
"""Bytes before each frame of a multiplexed stream."""


class Containers(Calls):
    """The life of containers, by id."""

    @translated
    def create(self, body: Mapping[str, Any]) -> str:
        """Create a container from an API body and return its id."""
        return cast(str, self._client.create_container_from_config(dict(body))["Id"])

    @translated
    def commit(self, container: str, labels: Mapping[str, str]) -> str:
        """An image of what a container holds; its id."""
        client: Any = self._client
        return cast(str, client.commit(container, conf={"Labels": dict(labels)})["Id"])

    @translated
    def start(self, container: str) -> None:
        self._client.start(container)

    @translated
    def kill(self, container: str, signal: str) -> None:
        self._client.kill(container, signal)

    @translated
    def inspect(self, container: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self._client.inspect_container(container))

    @translated
    def logs(self, container: str, *, stdout: bool = True, stderr: bool = True) -> bytes:
        """What the container printed so far; order across the two streams isn't kept."""
        return self._client.logs(container, stdout=stdout, stderr=stderr)

    @translated
    def cpu_seconds(self, container: str) -> float:
        """Of the processors, since it was started; 0 where the engine doesn't account for it."""
        stats = self._client.stats(container, stream=False, one_shot=True)
        return int(stats.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage") or 0) / 1e9

    @translated
    def first_line(self, container: str) -> bytes:
        """The oldest line of stdout that the engine still has; empty when there is none."""
        stream = self._client.logs(container, stdout=True, stderr=False, stream=True)
        try:
            return next(iter(stream), b"")
        finally:
            stream.close()

    @translated
    def last_line(self, container: str) -> bytes:
        """The newest line of stdout, with what is attached to it in front, as ``docker logs
        --details`` shows it; empty when there is none."""
        client: Any = self._client  # docker-py has no way to ask for details
        url = client._url("/containers/{0}/logs", container)
        parameters = {"stdout": 1, "stderr": 0, "details": 1, "tail": 1}
        frame: bytes = client._result(client._get(url, params=parameters), binary=True)
        return frame[FRAME_HEADER:]

    @translated
    def follow(self, container: str) -> CancellableStream[bytes]:
        """What the container prints, from its start on, as it comes; to be closed."""
        return self._client.logs(container, stdout=True, stderr=True, stream=True, follow=True)

    @translated
    def stop(self, container: str) -> None:
        """Stop as ``docker stop`` does, with the container's own grace period; returns when it
        has ended."""
        self._client.stop(container)

    @translated
    def attach(self, container: str) -> socket.SocketIO:
        """The raw stream of a created container's stdin, stdout and stderr (see inspector)."""
        parameters = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        return cast(socket.SocketIO, self._client.attach_socket(container, parameters))

    @translated
    def remove(self, container: str) -> None:
        """Remove a container by force, with its volumes. One that is gone already is fine."""
        try:
            self._client.remove_container(container, v=True, force=True)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise
