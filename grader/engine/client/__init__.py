"""The Docker Engine.

A thin layer: plain dictionaries of the Engine API in, plain values out, and every failure turned
into an EngineError with a sentence that says what to do (see ``call``). It knows nothing of
exercises. The nouns have modules of their own: containers, their insides, images, leavings.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import requests
from docker.errors import DockerException

import docker
from grader.engine import location, unfit
from grader.engine.client.call import TIMEOUT, translated
from grader.engine.client.containers import Containers
from grader.engine.client.images import Images
from grader.engine.client.insides import Insides
from grader.engine.client.leavings import Leavings
from grader.engine.location import Location

CONTAINERD = "io.containerd.snapshotter."
"""What the driver's type begins with where containerd keeps the images (moby, daemon/info.go)."""


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
    store: str
    """Where images are kept: ``containerd``, or the name of the engine's own storage driver."""
    rootless: bool
    cpu_limits: bool


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


def connect(place: Location | None = None) -> Engine:
    """An engine that answers and that can be graded on, the one that is found where none is named.
    Raises Unfit with the next step otherwise."""
    place = place or location.find()
    if problem := unfit.by_location(place):
        raise problem
    try:
        client = _Client(base_url=place.url, version="auto", timeout=int(TIMEOUT))
        version = client.version()
    except (DockerException, requests.RequestException, OSError) as error:
        raise unfit.by_silence(place) from error
    if problem := unfit.by_version(version, place):
        client.close()
        raise problem
    return Engine(client, version)


def _store(info: Mapping[str, Any]) -> str:
    status = dict(pair for pair in info.get("DriverStatus") or () if len(pair) == 2)
    is_containerd = status.get("driver-type", "").startswith(CONTAINERD)
    return "containerd" if is_containerd else str(info.get("Driver") or "")


class Engine(Containers, Insides, Images, Leavings):
    """A connection to an engine, for one process. Safe to use from several threads."""

    def __init__(self, client: docker.APIClient, version: Mapping[str, Any]) -> None:
        super().__init__(client)
        self._version = version

    @functools.cached_property
    def facts(self) -> EngineFacts:
        """Raises Unfit where containers can't be limited as the lab has to."""
        info = self.information()
        if problem := unfit.by_information(info):
            raise problem
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
            store=_store(info),
            rootless=unfit.is_rootless(info),
            cpu_limits=bool(info.get("CpuCfsQuota", True)),
        )

    def component(self, name: str) -> tuple[str, str]:
        """(version, commit) of a part of the engine, as ``docker version`` lists them; empty where
        it doesn't tell."""
        for part in self._version.get("Components") or ():
            if part.get("Name") == name:
                return str(part.get("Version") or ""), str(
                    (part.get("Details") or {}).get("GitCommit") or ""
                )
        return "", ""

    @translated
    def information(self) -> dict[str, Any]:
        """What ``docker info`` shows."""
        return self._client.info()

    @translated
    def ping(self) -> None:
        self._client.ping()

    @translated
    def events(self, label: str, since: int) -> Iterator[dict[str, Any]]:
        """Events of everything with ``label`` from the second ``since`` on, until closed. The
        stream ends silently when the engine does."""
        return cast(
            "Iterator[dict[str, Any]]",
            self._client.events(decode=True, since=since, filters={"label": label}),
        )

    def close(self) -> None:
        self._client.close()
