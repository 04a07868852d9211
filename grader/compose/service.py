"""One service as Compose would send it to the engine: the parts of the API body to run with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.compose import logging
from grader.engine import capability, permitted
from grader.engine.sandbox import LIMITS
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

ALSO = frozenset({"CapAdd", "LogConfig", "SecurityOpt", "Mounts", "Binds", "Ulimits", "GroupAdd"})
CONFIG = (
    *("Cmd", "Entrypoint", "Env", "User", "WorkingDir", "StopSignal", "StopTimeout"),
    *("Healthcheck", "Hostname", "Tty"),
)


@dataclass(frozen=True)
class Service:
    """``host`` and ``config`` as Compose sends them, defaults left out; ``labels`` are the
    service's and Compose's own."""

    name: str
    host: Mapping[str, Any]
    config: Mapping[str, Any]
    labels: Mapping[str, str]

    @classmethod
    def from_body(cls, name: str, body: Mapping[str, Any], file: str) -> Service:
        """Check an API body against what a service may ask for. Raises LearnerFault."""
        host = permitted.host(body.get("HostConfig") or {}, file, ALSO)
        options = set(host.get("SecurityOpt") or ())
        if not options <= permitted.NO_NEW_PRIVILEGES | {"no-new-privileges:false"}:
            raise LearnerFault(f"{file}: security_opt {sorted(options)} isn't needed here.")
        if host.get("DeviceRequests"):
            raise LearnerFault(f"{file} asks for devices of the host, which aren't needed here.")
        for mount in host.get("Mounts") or ():
            if mount.get("Type") not in ("tmpfs", "volume"):
                raise LearnerFault(f"{file} mounts a folder of the host, which isn't needed here.")
        for bind in host.get("Binds") or ():
            if not bind.startswith("drydock_"):
                raise LearnerFault(f"{file} mounts a folder of the host, which isn't needed here.")
        logging.review(host.get("LogConfig") or {}, file)
        config = {key: body[key] for key in CONFIG if body.get(key) not in (None, [], "", False)}
        return cls(name, host, config, body.get("Labels") or {})

    @property
    def sandboxed(self) -> dict[str, Any]:
        """The HostConfig to run with: the service's own, capped where the sandbox has to.

        Named volumes become tmpfs volumes of bounded size; capabilities beyond Docker's own set
        aren't granted.
        """
        host = permitted.capped(self.host)
        host.pop("LogConfig", None)
        if "CapAdd" in host:
            asked = {capability.plain(name) for name in host["CapAdd"]}
            granted = capability.DEFAULT if "ALL" in asked else asked & capability.DEFAULT
            host["CapAdd"] = sorted(granted)
        mounts = [_bounded(mount) for mount in host.pop("Mounts", None) or ()]
        mounts += [
            _volume(target) for bind in host.pop("Binds", None) or () for target in [_target(bind)]
        ]
        host["Mounts"] = mounts
        host["Tmpfs"] = {path: _sized(how) for path, how in (host.get("Tmpfs") or {}).items()}
        return host

    def asked(self, *keys: str) -> Evidence:
        """What Compose asks the engine for."""
        shown = {key: self.host.get(key) for key in keys or sorted(self.host)}
        rows = "\n".join(f"{key}: {value}" for key, value in shown.items())
        form = " ".join(f"{key}={{{{json .HostConfig.{key}}}}}" for key in shown)
        return Evidence(f"docker inspect -f '{form}' web", rows or "(nothing but defaults)")


def _target(bind: str) -> str:
    return bind.split(":")[1]


def _bounded(mount: Mapping[str, Any]) -> dict[str, Any]:
    if mount["Type"] == "volume":
        return _volume(mount["Target"])
    options = dict(mount.get("TmpfsOptions") or {})
    asked = int(options.get("SizeBytes") or LIMITS.tmpfs_bytes)
    options["SizeBytes"] = min(asked, LIMITS.tmpfs_bytes)
    kept = {"Type": "tmpfs", "Target": mount["Target"], "TmpfsOptions": options}
    return kept | ({"ReadOnly": True} if mount.get("ReadOnly") else {})


def _volume(target: str) -> dict[str, Any]:
    """An anonymous volume whose bytes are bounded; it goes with the container."""
    options = {"type": "tmpfs", "device": "tmpfs", "o": f"size={LIMITS.tmpfs_bytes},mode=1777"}
    driver = {"Name": "local", "Options": options}
    return {"Type": "volume", "Target": target, "VolumeOptions": {"DriverConfig": driver}}


def _sized(options: str) -> str:
    """A tmpfs has a size, at most the sandbox's; asked for sizes above it are cut."""
    kept = [word for word in options.split(",") if word and not word.startswith("size=")]
    asked = [word.removeprefix("size=") for word in options.split(",") if word.startswith("size=")]
    size = min([LIMITS.tmpfs_bytes, *(_bytes(value) for value in asked)])
    return ",".join([*kept, f"size={size}"])


def _bytes(text: str) -> int:
    number, unit = text[:-1], text[-1:].lower()
    if unit in "kmg" and number.isdigit():
        return int(number) << {"k": 10, "m": 20, "g": 30}[unit]
    return int(text) if text.isdigit() and int(text) else LIMITS.tmpfs_bytes
