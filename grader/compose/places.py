"""Volumes and tmpfs mounts of a service: what is on disk, and what stands in for them here, in
memory and bounded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from grader.engine.sandbox import LIMITS


def of_bind(bind: str) -> dict[str, Any]:
    """An entry of ``Binds`` in the long form of ``Mounts``."""
    source, _, rest = bind.partition(":")
    target, _, options = rest.partition(":")
    kind = "bind" if source.startswith("/") else "volume"
    found = {"Type": kind, "Source": source, "Target": target}
    return found | ({"ReadOnly": True} if "ro" in options.split(",") else {})


def on_disk(mounts: Iterable[Mapping[str, Any]], declared: Mapping[str, Any]) -> Iterator[str]:
    """Where volumes lie that outlive the container."""
    for mount in mounts:
        if mount.get("Type") == "volume" and not _in_memory(mount, declared):
            yield mount["Target"].rstrip("/")


def bounded(mount: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """A mount to run with: a tmpfs of at most the sandbox's size, or a volume that is one."""
    if mount["Type"] == "volume":
        return _volume(mount, declared)
    options = dict(mount.get("TmpfsOptions") or {})
    asked = int(options.get("SizeBytes") or LIMITS.tmpfs_bytes)
    options["SizeBytes"] = min(asked, LIMITS.tmpfs_bytes)
    kept = {"Type": "tmpfs", "Target": mount["Target"], "TmpfsOptions": options}
    return kept | ({"ReadOnly": True} if mount.get("ReadOnly") else {})


def sized(options: str) -> str:
    """A tmpfs has a size, at most the sandbox's; asked for sizes above it are cut."""
    kept = [word for word in options.split(",") if word and not word.startswith("size=")]
    asked = [word.removeprefix("size=") for word in options.split(",") if word.startswith("size=")]
    size = min([LIMITS.tmpfs_bytes, *(_bytes(value) for value in asked)])
    return ",".join([*kept, f"size={size}"])


def _in_memory(mount: Mapping[str, Any], declared: Mapping[str, Any]) -> str:
    """The options of a volume whose driver mounts a tmpfs; empty for one on disk."""
    for name, options in declared.items():
        options = options or {}
        if mount.get("Source") in (name, f"drydock_{name}", options.get("name")):
            how = options.get("driver_opts") or {}
            return str(how.get("o") or "rw") if how.get("type") == "tmpfs" else ""
    return ""


def _volume(mount: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    """An anonymous volume whose bytes are bounded; it goes with the container."""
    how = sized(_in_memory(mount, declared) or "mode=1777")
    driver = {"Name": "local", "Options": {"type": "tmpfs", "device": "tmpfs", "o": how}}
    kept = {"Type": "volume", "Target": mount["Target"], "VolumeOptions": {"DriverConfig": driver}}
    return kept | ({"ReadOnly": True} if mount.get("ReadOnly") else {})


def _bytes(text: str) -> int:
    number, unit = text[:-1], text[-1:].lower()
    if unit in "kmg" and number.isdigit():
        return int(number) << {"k": 10, "m": 20, "g": 30}[unit]
    return int(text) if text.isdigit() and int(text) else LIMITS.tmpfs_bytes
