"""GPUs for exercises: the engine's own where it has NVIDIA's runtime, else a simulated GPU host.

The simulated host does for a device request what NVIDIA's container toolkit does: device nodes,
``NVIDIA_VISIBLE_DEVICES`` and an ``nvidia-smi`` for exactly the devices requested. The identities
are drawn anew for each grading, so that no answer can know them.
"""

from __future__ import annotations

import io
import re
import tarfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
NAME = "Drydock Simulated GPU"
MEMORY_MIB = 16384
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
        return Injection(gpus, {"Devices": devices}, environment, nvidia_smi(gpus))


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


def broken_nvidia_smi() -> bytes:
    """A tar archive with an ``nvidia-smi`` that finds no driver, as on a misconfigured host."""
    return _program(_BROKEN)


def nvidia_smi(gpus: Sequence[Gpu]) -> bytes:
    """A tar archive with ``/usr/bin/nvidia-smi``: a POSIX shell script."""
    script = _SCRIPT.replace("@LIST@", "\n".join(_line(n, gpu) for n, gpu in enumerate(gpus)))
    return _program(script.replace("@CASES@", _cases(gpus)))


def _program(script: str) -> bytes:
    content = script.encode()
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo("usr/bin/nvidia-smi")
        entry.size, entry.mode = len(content), 0o755
        tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


def _line(number: int, gpu: Gpu) -> str:
    return f"GPU {number}: {NAME} (UUID: {gpu.uuid})"


def _cases(gpus: Sequence[Gpu]) -> str:
    """One shell line per GPU that sets the fields which a query may ask for."""
    return "\n".join(f'row {number} "{gpu.uuid}"' for number, gpu in enumerate(gpus))


_SCRIPT = f"""#!/bin/sh
# nvidia-smi of Drydock's simulated GPU host: -L, --query-gpu=… --format=csv[,noheader][,nounits]
query= header=1 units=1
while [ $# -gt 0 ]; do
    case "$1" in
    -L|--list-gpus) cat <<'END'
@LIST@
END
        exit 0 ;;
    --query-gpu=*) query=${{1#*=}} ;;
    --query-gpu) shift; query=$1 ;;
    --format=*|--format)
        [ "$1" = --format ] && {{ shift; format=$1; }} || format=${{1#*=}}
        case ",$format," in *,noheader,*) header= ;; esac
        case ",$format," in *,nounits,*) units= ;; esac ;;
    esac
    shift
done
if [ -z "$query" ]; then
    echo "NVIDIA-SMI (simulated)"
    exec "$0" -L
fi
[ -n "$header" ] && echo "$query" | sed 's/,/, /g'
row() {{
    line=
    old=$IFS; IFS=', '
    for field in $query; do
        case "$field" in
        index) value=$1 ;;
        uuid|gpu_uuid) value=$2 ;;
        name|gpu_name) value="{NAME}" ;;
        memory.total|memory.free) value={MEMORY_MIB}${{units:+ MiB}} ;;
        memory.used) value=0${{units:+ MiB}} ;;
        utilization.gpu) value=0${{units:+ %}} ;;
        driver_version) value=000.00 ;;
        count) value={SIMULATED} ;;
        *) echo "Field \\"$field\\" is not a valid field to query."; exit 2 ;;
        esac
        line="$line${{line:+, }}$value"
    done
    IFS=$old
    echo "$line"
}}
@CASES@
"""

_BROKEN = """#!/bin/sh
echo "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."
exit 9
"""
