"""What becomes of each key of a container that a learner asks for: three ways, and no fourth.

*Written*: it reaches the engine as it was written, within the sandbox's bounds. *Judged*: the lab
decides it itself, and whoever judges reads the request; the reason says why that changes no
verdict. *Refused*: the lab can't take it, says so by name, and nothing is scored.

The keys are those of the API body that docker itself makes of a command line or a compose file
(Engine API 1.45, ``POST /containers/create``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WRITTEN = frozenset(
    {"Memory", "MemorySwap", "MemoryReservation", "MemorySwappiness", "OomScoreAdj", "ShmSize"}
    | {"NanoCpus", "CpuShares", "CpuQuota", "CpuPeriod", "CpusetCpus", "PidsLimit", "Ulimits"}
    | {"RestartPolicy", "Init", "ReadonlyRootfs", "Tmpfs", "Mounts", "CapAdd", "CapDrop"}
    | {"SecurityOpt", "GroupAdd", "DeviceRequests", "IpcMode"}
)
"""Keys of the HostConfig. Their values are looked at in ``permitted``."""

JUDGED: Mapping[str, str] = {
    "PortBindings": "nothing is published here: requests come from within its own network",
    "PublishAllPorts": "nothing is published here",
    "AutoRemove": "the container is looked at after its end; docker itself refuses it beside a "
    "restart policy",
    "ConsoleSize": "the size of a terminal that nobody sees",
    "NetworkMode": "each container has a network of its own, or none when it asks for none",
    "OomKillDisable": "a service that hangs at its limit is judged without waiting for it",
    "LogConfig": "the lab keeps the lines itself; exercises about drivers read what was asked for",
    "Annotations": "words for an OCI runtime that the lab's doesn't know",
    "Dns": "there is nobody to ask",
    "DnsOptions": "there is nobody to ask",
    "DnsSearch": "there is nobody to ask",
    "ExtraHosts": "there is nobody to find",
    "Binds": "named volumes and given files: what Compose mounts is put there",
}
"""Keys of the HostConfig that the lab decides, and why no verdict depends on that."""

REFUSED: Mapping[str, str] = {
    "Privileged": "it would switch the isolation off, also this machine's",
    "Devices": "it would hand over devices of this machine",
    "DeviceCgroupRules": "it would hand over devices of this machine",
    "VolumesFrom": "it would take over another container's volumes",
    "VolumeDriver": "it would run a driver in the engine",
    "ContainerIDFile": "it would write a file of this machine",
    "Links": "there is no other container",
    "PidMode": "it would enter another process namespace",
    "UTSMode": "it would enter the host's UTS namespace",
    "UsernsMode": "it would leave the user namespace",
    "CgroupnsMode": "it would enter the host's control groups",
    "CgroupParent": "it would leave its control group",
    "Cgroup": "it would leave its control group",
    "Runtime": "it would choose another runtime",
    "Isolation": "it belongs to Windows",
    "StorageOpt": "few engines can bound a container's layer",
    "CpusetMems": "it binds the container to parts of one machine's memory",
    "CpuRealtimePeriod": "it would take the processor away from this machine",
    "CpuRealtimeRuntime": "it would take the processor away from this machine",
    "KernelMemory": "engines have given it up",
    "KernelMemoryTCP": "engines have given it up",
    "BlkioWeight": "the lab doesn't judge disks",
    "BlkioWeightDevice": "the lab doesn't judge disks",
    "BlkioDeviceReadBps": "the lab doesn't judge disks",
    "BlkioDeviceWriteBps": "the lab doesn't judge disks",
    "BlkioDeviceReadIOps": "the lab doesn't judge disks",
    "BlkioDeviceWriteIOps": "the lab doesn't judge disks",
    "CpuCount": "it belongs to Windows",
    "CpuPercent": "it belongs to Windows",
    "IOMaximumIOps": "it belongs to Windows",
    "IOMaximumBandwidth": "it belongs to Windows",
    "Sysctls": "the exercise sets them for all",
    "MaskedPaths": "it would uncover parts of this machine's /proc",
    "ReadonlyPaths": "it would uncover parts of this machine's /proc",
}
"""Keys of the HostConfig that the lab can't take, and what they would do."""

UNSAID: Mapping[str, Any] = {
    **dict.fromkeys(("Memory", "MemorySwap", "MemoryReservation", "OomScoreAdj"), 0),
    **dict.fromkeys(("NanoCpus", "CpuShares", "CpuQuota", "CpuPeriod"), 0),
    **dict.fromkeys(("ReadonlyRootfs", "OomKillDisable", "AutoRemove", "Privileged"), False),
    "CpusetCpus": "",
    "ShmSize": 64 << 20,
    "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    "LogConfig": {"Type": "json-file", "Config": {}},
}
"""What the engine tells of keys that nobody set; null for all others."""

CONFIG_WRITTEN = frozenset(
    {"Cmd", "Entrypoint", "Env", "User", "WorkingDir", "StopSignal", "StopTimeout"}
    | {"Healthcheck", "Tty", "OpenStdin", "Labels"}
)
"""Keys beside the HostConfig that reach the engine."""

CONFIG_JUDGED: Mapping[str, str] = {
    "Image": "the image is the one that was built from the answer",
    "Hostname": "the container shares the network, and so the name, of the one that asks it",
    "Domainname": "as the host name",
    "AttachStdin": "nobody sits at a terminal",
    "AttachStdout": "nobody sits at a terminal",
    "AttachStderr": "nobody sits at a terminal",
    "StdinOnce": "nobody sits at a terminal",
    "ExposedPorts": "words about ports; they open none",
    "Volumes": "each becomes a volume in memory, bounded",
    "NetworkingConfig": "each container has a network of its own",
    "NetworkDisabled": "Compose says the same by its network",
    "OnBuild": "nothing is built from a container",
    "HostConfig": "see above",
}
"""Keys beside the HostConfig that the lab decides, and why no verdict depends on that."""

CONFIG_REFUSED: Mapping[str, str] = {
    "MacAddress": "the container has no card of its own",
    "ArgsEscaped": "it belongs to Windows",
    "Shell": "docker run has no such word",
}
