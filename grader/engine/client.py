"""The Docker Engine, and the only module that imports docker-py.

A thin layer: plain dictionaries of the Engine API in, plain values out, and every failure turned
into an EngineError with a sentence that says what to do. It knows nothing of exercises.
"""

from __future__ import annotations

import functools
import io
import os
import socket
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar, cast

import requests
import urllib3
from docker.errors import APIError, DockerException, NotFound
from docker.types import CancellableStream

import docker
from grader.verdict.outcome import EngineError

TIMEOUT = 30.0
"""Seconds that a single call to the engine may take."""

LARGEST_FILE = 1 << 20
"""Bytes of a file of a container that are read into memory at most."""

FRAME_HEADER = 8
"""Bytes before each frame of a multiplexed stream."""

OLDEST = 25
"""The first engine with the start interval of health checks, which checks and exercises use."""

P = ParamSpec("P")
R = TypeVar("R")


class Refused(EngineError):
    """The engine answered and said no: ``status`` is its HTTP status, ``reason`` its sentence."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"The engine refused: {reason}")
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class EngineFacts:
    """What a report says of the engine it was made on."""

    version: str
    api: str
    arch: str
    cgroup: int
    runtime: str
    swap: bool
    cpus: int
    gpu: bool
    cgroup_driver: str
    identity: str


def _translated(call: Callable[P, R]) -> Callable[P, R]:
    """Let nothing of docker-py, requests or urllib3 through."""

    @functools.wraps(call)
    def translated(*args: P.args, **kwargs: P.kwargs) -> R:
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

    return translated


def _sentence(error: APIError) -> str:
    return " ".join(str(error.explanation or error).split())


def address() -> str | None:
    """The engine's URL: ``DOCKER_HOST``, else the docker CLI's current context, else None for
    the default socket."""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    from docker.context import ContextAPI

    try:
        context = ContextAPI.get_current_context()
    except Exception:  # a broken context file of the CLI must not stop the grader
        return None
    return context.Host if context else None


class _Client(docker.APIClient):
    """Asks for the version once: the engine starts three programs to answer that. And looks for
    proxies once: requests reads the environment for each call, in whatever thread, and raises a
    KeyError where pytest takes its PYTEST_CURRENT_TEST away at that moment."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.proxies.update(requests.utils.get_environ_proxies(self.base_url))
        self.trust_env = False

    def version(self, api_version: bool = True) -> dict[str, Any]:
        if "_told" not in vars(self):
            self._told: dict[str, Any] = super().version(api_version)
        return self._told


def connect() -> Engine:
    """An engine that answers. Raises EngineError with the next step otherwise."""
    try:
        client = _Client(base_url=address(), version="auto", timeout=int(TIMEOUT))
    except (DockerException, requests.RequestException, OSError) as error:
        raise EngineError(
            "No Docker Engine answers. ./lab setup installs or starts one where it may; "
            "./lab doctor says what is missing. Nothing was scored."
        ) from error
    version = client.version()
    number = version["Version"].partition(".")[0]
    is_podman = any("Podman" in part.get("Name", "") for part in version.get("Components", ()))
    if number.isdigit() and int(number) < OLDEST and not is_podman:
        raise EngineError(
            f"This Docker Engine is {version['Version']}; {OLDEST} or newer is needed. "
            "./lab setup says how to get one. Nothing was scored."
        )
    return Engine(client, version)


class ByteStream(io.RawIOBase):
    """An archive that the engine sends, read as it comes. Close it, or the engine goes on."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self._answer = answer

    def readable(self) -> bool:
        return True

    @_translated
    def read(self, size: int = -1, /) -> bytes:
        return cast(bytes, self._answer.raw.read(None if size < 0 else size))

    def close(self) -> None:
        self._answer.close()
        super().close()


class Engine:
    """A connection to an engine, for one process. Safe to use from several threads."""

    def __init__(self, client: docker.APIClient, version: Mapping[str, Any]) -> None:
        self._client = client
        self._version = version

    @functools.cached_property
    def facts(self) -> EngineFacts:
        info = self.information()
        return EngineFacts(
            version=self._version["Version"].split("+")[0],
            api=self._version["ApiVersion"],
            arch=self._version.get("Arch") or "",
            cgroup=int(info.get("CgroupVersion") or 1),
            runtime=info.get("DefaultRuntime") or "runc",
            swap=bool(info.get("SwapLimit")),
            cpus=int(info.get("NCPU") or 1),
            gpu="nvidia" in info.get("Runtimes", {})
            or any(
                str(device.get("ID", "")).startswith("nvidia.com/gpu")
                for device in info.get("DiscoveredDevices") or ()
            ),
            cgroup_driver=info.get("CgroupDriver") or "",
            identity=info.get("ID") or "",
        )

    @_translated
    def information(self) -> dict[str, Any]:
        """What ``docker info`` shows."""
        return self._client.info()

    @_translated
    def ping(self) -> None:
        self._client.ping()

    @_translated
    def create(self, body: Mapping[str, Any]) -> str:
        """Create a container from an API body and return its id."""
        return cast(str, self._client.create_container_from_config(dict(body))["Id"])

    @_translated
    def start(self, container: str) -> None:
        self._client.start(container)

    @_translated
    def kill(self, container: str, signal: str) -> None:
        self._client.kill(container, signal)

    @_translated
    def inspect(self, container: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self._client.inspect_container(container))

    @_translated
    def logs(self, container: str, *, stdout: bool = True, stderr: bool = True) -> bytes:
        """What the container printed so far; order across the two streams isn't kept."""
        return self._client.logs(container, stdout=stdout, stderr=stderr)

    @_translated
    def first_line(self, container: str) -> bytes:
        """The oldest line of stdout that the engine still has; empty when there is none."""
        stream = self._client.logs(container, stdout=True, stderr=False, stream=True)
        try:
            return next(iter(stream), b"")
        finally:
            stream.close()

    @_translated
    def last_line(self, container: str) -> bytes:
        """The newest line of stdout, with what is attached to it in front, as ``docker logs
        --details`` shows it; empty when there is none."""
        client: Any = self._client  # docker-py has no way to ask for details
        url = client._url("/containers/{0}/logs", container)
        parameters = {"stdout": 1, "stderr": 0, "details": 1, "tail": 1}
        frame: bytes = client._result(client._get(url, params=parameters), binary=True)
        return frame[FRAME_HEADER:]

    @_translated
    def follow(self, container: str) -> CancellableStream[bytes]:
        """What the container prints, from its start on, as it comes; to be closed."""
        return self._client.logs(container, stdout=True, stderr=True, stream=True, follow=True)

    @_translated
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

    @_translated
    def stop(self, container: str) -> None:
        """Stop as ``docker stop`` does, with the container's own grace period; returns when it
        has ended."""
        self._client.stop(container)

    @_translated
    def put_archive(self, container: str, folder: str, archive: bytes) -> None:
        self._client.put_archive(container, folder, archive)

    @_translated
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

    @_translated
    def attach(self, container: str) -> socket.SocketIO:
        """The raw stream of a created container's stdin, stdout and stderr (see inspector)."""
        parameters = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        return cast(socket.SocketIO, self._client.attach_socket(container, parameters))

    @_translated
    def remove(self, container: str) -> None:
        """Remove a container by force, with its volumes. One that is gone already is fine."""
        try:
            self._client.remove_container(container, v=True, force=True)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise

    @_translated
    def remove_image(self, image: str) -> None:
        try:
            self._client.remove_image(image, force=True)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise

    @_translated
    def image(self, reference: str) -> dict[str, Any]:
        """Inspect an image. Raises Refused (404) when there is none."""
        return cast("dict[str, Any]", self._client.inspect_image(reference))

    @_translated
    def history(self, image: str) -> list[dict[str, Any]]:
        """What ``docker history`` shows, the newest instruction first."""
        return cast("list[dict[str, Any]]", self._client.history(image))

    @_translated
    def save(self, image: str) -> ByteStream:
        """The archive that ``docker save`` writes."""
        return self._stream("/images/{0}/get", image)

    @_translated
    def archive(self, container: str, path: str) -> ByteStream:
        """A path of a container, running or not, as the archive that ``docker cp`` writes."""
        return self._stream("/containers/{0}/archive", container, path=path)

    @_translated
    def has_path(self, container: str, path: str) -> bool:
        """Whether a container, running or not, has a path. A link is looked at, not followed."""
        client: Any = self._client  # docker-py asks for the whole archive
        url = client._url("/containers/{0}/archive", container)
        answer = client.head(url, params={"path": path}, timeout=client.timeout)
        if answer.status_code == 404:
            return False
        client._raise_for_status(answer)
        return True

    def _stream(self, place: str, name: str, **parameters: str) -> ByteStream:
        client: Any = self._client  # docker-py's own generator hands out chunks of its own size
        answer = client._get(
            client._url(place, name),
            params=parameters,
            stream=True,
            headers={
                "Accept-Encoding": "identity"
            },  # else the engine compresses what we open again
        )
        client._raise_for_status(answer)
        return ByteStream(answer)

    @_translated
    def labelled(self, label: str) -> list[tuple[str, str, dict[str, str]]]:
        """(kind, id, labels) of all containers, images, networks and volumes with a label."""
        filters = {"label": label}
        found = [
            ("container", item["Id"], item["Labels"])
            for item in self._client.containers(all=True, filters=filters)
        ]
        found += [
            ("image", item["Id"], item["Labels"] or {})
            for item in self._client.images(filters=filters)
        ]
        found += [
            ("network", item["Id"], item["Labels"] or {})
            for item in self._client.networks(filters=filters)
        ]
        found += [
            ("volume", item["Name"], item["Labels"] or {})
            for item in self._client.volumes(filters=filters)["Volumes"] or ()
        ]
        return found

    @_translated
    def remove_network(self, network: str) -> None:
        try:
            self._client.remove_network(network)
        except APIError as error:
            if error.status_code != 404:
                raise

    @_translated
    def remove_volume(self, volume: str) -> None:
        try:
            self._client.remove_volume(volume, force=True)
        except APIError as error:
            if error.status_code not in (404, 409):
                raise

    @_translated
    def events(self, label: str, since: int) -> Iterator[dict[str, Any]]:
        """Events of everything with ``label`` from the second ``since`` on, until closed. The
        stream ends silently when the engine does."""
        return cast(
            "Iterator[dict[str, Any]]",
            self._client.events(decode=True, since=since, filters={"label": label}),
        )

    def close(self) -> None:
        self._client.close()
