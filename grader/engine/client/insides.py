"""What is inside of an engine's containers: their files, and commands that are run in them."""

from __future__ import annotations

import io
import tarfile
from typing import Any

from docker.errors import NotFound

from grader.engine.client.call import TIMEOUT, ByteStream, Calls, translated

LARGEST_FILE = 1 << 20
"""Bytes of a file of a container that are read into memory at most."""


class Insides(Calls):
    """Files of containers, running or not, and commands in running ones."""

    @translated
    def execute(self, container: str, command: list[str]) -> tuple[int, bytes]:
        """(exit code, output) of a command in a running container, as its own user."""
        client: Any = self._client
        identity = client.exec_create(container, command)["Id"]
        # docker-py's exec_start reads below Python's buffer, and loses what came along with the
        # head of the answer: all of the output, of 3 in 480 commands on a busy machine.
        url = client._url("/exec/{0}/start", identity)
        answer = client._post_json(url, {"Detach": False, "Tty": False}, timeout=(TIMEOUT, None))
        output = b"".join(client._multiplexed_buffer_helper(answer))
        return int(client.exec_inspect(identity)["ExitCode"]), output

    @translated
    def put_archive(self, container: str, folder: str, archive: bytes) -> None:
        self._client.put_archive(container, folder, archive)

    @translated
    def get_file(self, container: str, path: str) -> bytes | None:
        """A file of a container, also of one that has ended. None where there is no regular file
        or it is larger than ``LARGEST_FILE``."""
        try:
            chunks, _ = self._client.get_archive(container, path)
        except NotFound:
            return None
        archive = bytearray()
        for chunk in chunks:
            archive += chunk
            if len(archive) > LARGEST_FILE:
                return None
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            found = files.next()
            content = files.extractfile(found) if found and found.isreg() else None
            return content.read() if content else None

    @translated
    def archive(self, container: str, path: str) -> ByteStream:
        """A path of a container, running or not, as the archive that ``docker cp`` writes."""
        return self._stream("/containers/{0}/archive", container, path=path)

    @translated
    def has_path(self, container: str, path: str) -> bool:
        """Whether a container, running or not, has a path. A link is looked at, not followed."""
        client: Any = self._client  # docker-py asks for the whole archive
        url = client._url("/containers/{0}/archive", container)
        answer = client.head(url, params={"path": path}, timeout=client.timeout)
        if answer.status_code == 404:
            return False
        client._raise_for_status(answer)
        return True
