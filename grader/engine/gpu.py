"""GPUs for exercises: the engine's own where it has NVIDIA's runtime, else a simulated GPU host.

The simulated host does for a device request what NVIDIA's container toolkit does: device nodes,
``NVIDIA_VISIBLE_DEVICES`` and an ``nvidia-smi`` for exactly the devices requested. The identities
are drawn anew for each grading, so that no answer can know them.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.engine import nvidia_smi
from grader.engine.nvidia_smi import Device
from grader.verdict.outcome import GraderError, LearnerFault

SIMULATED = 3
LIST_COMMAND = ("nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader")
LIST_SECONDS = 20.0
ALL = {"Driver": "", "Count": -1, "DeviceIDs": None, "Capabilities": [["gpu"]], "Options": {}}
"""The device request of ``--gpus all``."""
ROOTLESS = (
    "The simulated GPU host gives containers device nodes, and a rootless engine can't make them. "
    "An engine that runs as root judges this."
)
_CDI = re.compile(r"^nvidia\.com/gpu=(.+)$")


@dataclass(frozen=True)
class Gpu:
    """One GPU of the host."""

    index: int
    uuid: str


@dataclass(frozen=True)
class Injection:
    """What a container gets for its request: parts of the API body, and files for its root."""

    gpus: tuple[Gpu, ...]
    host: Mapping[str, Any]
    environment: tuple[str, ...]
    files: bytes | None


@dataclass(frozen=True)
class GpuHost:
    """The GPUs there are, and whether they are simulated."""

    gpus: tuple[Gpu, ...]
    is_simulated: bool

    def inject(self, requests: Sequence[Mapping[str, Any]]) -> Injection:
        """What a container gets for its device requests. Raises LearnerFault for a device that
        isn't there, as NVIDIA's toolkit would."""
        gpus = resolve(requests, self.gpus)
        if not self.is_simulated:
            return Injection(gpus, {"DeviceRequests": list(requests)}, (), None)
        if not gpus:
            return Injection((), {}, (), None)
        nodes = [f"/dev/nvidia{gpu.index}" for gpu in gpus] + ["/dev/nvidiactl"]
        devices = [
            {"PathOnHost": "/dev/null", "PathInContainer": node, "CgroupPermissions": "rw"}
            for node in nodes
        ]
        visible = ",".join(gpu.uuid for gpu in gpus)
        environment = (f"NVIDIA_VISIBLE_DEVICES={visible}",)
        return Injection(gpus, {"Devices": devices}, environment, nvidia_smi.archive(_seen(gpus)))


def _seen(gpus: Sequence[Gpu]) -> list[Device]:
    """Inside of the container the GPUs are numbered from 0."""
    return [Device(index, gpu.uuid, gpu.index) for index, gpu in enumerate(gpus)]


def simulated() -> GpuHost:
    """A host with identities that nobody has seen before."""
    return GpuHost(tuple(Gpu(n, f"GPU-{uuid.uuid4()}") for n in range(SIMULATED)), True)


def real(lines: Sequence[str]) -> GpuHost:
    """A host with NVIDIA's own driver, from what ``LIST_COMMAND`` printed. Raises GraderError."""
    pairs = [line.split(", ") for line in lines if line.strip()]
    try:
        return GpuHost(tuple(Gpu(int(index), identity) for index, identity in pairs), False)
    except ValueError as error:
        raise GraderError(f"nvidia-smi on this host is not understood: {lines[:1]}") from error


def resolve(requests: Sequence[Mapping[str, Any]], host: Sequence[Gpu]) -> tuple[Gpu, ...]:
    """The GPUs that device requests mean, in the host's order. Raises LearnerFault."""
    chosen: set[Gpu] = set()
    for request in requests:
        names = [_CDI.sub(r"\1", name) for name in request.get("DeviceIDs") or ()]
        if "all" in names or request.get("Count") == -1:
            chosen.update(host)
        chosen.update(host[: max(0, request.get("Count") or 0)])
        chosen.update(_named(name, host) for name in names if name != "all")
    return tuple(gpu for gpu in host if gpu in chosen)


def _named(name: str, host: Sequence[Gpu]) -> Gpu:
    for gpu in host:
        if name in (str(gpu.index), gpu.uuid):
            return gpu
    raise LearnerFault(
        f"The command asks for GPU {name!r}; this host has {len(host)}, numbered from 0."
    )
