"""The ``nvidia-smi`` of the simulated GPU host: a POSIX shell script beside this module.

It answers what services ask NVIDIA's for (https://docs.nvidia.com/deploy/nvidia-smi/), with its
words, units and exit codes; what each of them is taken from stands in the script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.engine import tarball

NAME = "Drydock Simulated GPU"
MEMORY_MIB = 16384
DRIVER, CUDA = "580.95.05", "13.0"
_SCRIPT = Path(__file__).with_name("simulated") / "nvidia-smi"


@dataclass(frozen=True)
class Device:
    """One GPU as a container sees it; ``number`` is the one that it has on the host."""

    index: int
    uuid: str
    number: int


def archive(devices: Sequence[Device]) -> bytes:
    """A tar archive with ``/usr/bin/nvidia-smi``, which knows ``devices``."""
    script = _SCRIPT.read_text("utf-8")
    values = {
        "NAME": NAME,
        "MEMORY": str(MEMORY_MIB),
        "DRIVER": DRIVER,
        "CUDA": CUDA,
        "DEVICES": "\n".join(f"{one.index} {one.uuid} {one.number}" for one in devices),
    }
    for name, value in values.items():
        script = script.replace(f"@{name}@", value)
    return _program(script)


def broken() -> bytes:
    """A tar archive with an ``nvidia-smi`` that finds no driver, as on a misconfigured host."""
    return _program(_BROKEN)


def _program(script: str) -> bytes:
    return tarball.of({"usr/bin/nvidia-smi": script.encode()}, 0o755)


_BROKEN = """#!/bin/sh
printf '%s %s\\n\\n' \\
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver." \\
    "Make sure that the latest NVIDIA driver is installed and running."
exit 9
"""
