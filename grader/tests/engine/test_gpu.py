"""The simulated GPU host gives a container what NVIDIA's toolkit would, for what was requested."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from grader.engine import gpu, nvidia_smi
from grader.engine.nvidia_smi import Device
from grader.verdict.outcome import GraderError, LearnerFault

HOST = gpu.simulated()


def test_identities_are_new_each_time() -> None:
    assert {item.uuid for item in HOST.gpus}.isdisjoint(item.uuid for item in gpu.simulated().gpus)


@pytest.mark.parametrize(
    ("request_", "indices"),
    [
        ({"Count": -1}, [0, 1, 2]),
        ({"Count": 2}, [0, 1]),
        ({"DeviceIDs": ["2", "0"]}, [0, 2]),
        ({"DeviceIDs": [HOST.gpus[1].uuid]}, [1]),
        ({"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=1"]}, [1]),
        ({"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=all"]}, [0, 1, 2]),
    ],
)
def test_requests_resolve_to_devices(request_: dict[str, object], indices: list[int]) -> None:
    injection = HOST.inject([request_])
    assert [item.index for item in injection.gpus] == indices
    nodes = [device["PathInContainer"] for device in injection.host["Devices"]]
    assert nodes == [f"/dev/nvidia{index}" for index in indices] + ["/dev/nvidiactl"]


def test_nothing_is_injected_without_a_request() -> None:
    assert HOST.inject([]) == gpu.Injection((), {}, (), None)


def test_device_that_is_not_there_is_named() -> None:
    with pytest.raises(LearnerFault, match="'9'"):
        HOST.inject([{"DeviceIDs": ["9"]}])


def test_nvidia_smi_answers_for_exactly_the_injected_gpus(tmp_path: Path) -> None:
    files = HOST.inject([{"DeviceIDs": ["1"]}]).files
    assert files
    with tarfile.open(fileobj=io.BytesIO(files)) as archive:
        archive.extractall(tmp_path, filter="data")
    program = tmp_path / "usr/bin/nvidia-smi"

    def ask(*arguments: str) -> str:
        return subprocess.run(
            [program, *arguments], capture_output=True, text=True, check=True
        ).stdout

    uuid = HOST.gpus[1].uuid
    assert ask("-L") == f"GPU 0: {nvidia_smi.NAME} (UUID: {uuid})\n"
    assert ask("--query-gpu=index,uuid", "--format=csv,noheader") == f"0, {uuid}\n"
    assert ask("--format=csv", "--query-gpu=uuid") == f"uuid\n{uuid}\n"
    assert ask("--query-gpu=memory.total", "--format=csv,noheader,nounits") == "16384\n"
    headed = ask("--query-gpu=gpu_name,memory.total,gpu_uuid", "--format=csv")
    assert headed == f"name, memory.total [MiB], uuid\n{nvidia_smi.NAME}, 16384 MiB, {uuid}\n"
    for name in ("0", uuid, "00000000:02:00.0"):
        assert ask("-i", name, "--query-gpu=uuid", "--format=csv,noheader") == f"{uuid}\n"
        assert uuid in ask(f"--id={name}", "-L")
    tree = ElementTree.fromstring(ask("-q", "-x"))
    assert [gpu.findtext("uuid") for gpu in tree.iter("gpu")] == [uuid]
    assert tree.findtext("attached_gpus") == "1"
    assert re.search(rf"(?m)^    GPU UUID +: {uuid}$", ask("-q"))
    assert uuid not in ask("-q", "-d", "MEMORY")
    assert ask("--query-compute-apps=pid,used_memory", "--format=csv,noheader") == ""
    assert f"Driver Version: {nvidia_smi.DRIVER}" in ask()
    assert nvidia_smi.NAME in ask()


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("-i", "7", "-L"), 6, "No devices were found"),
        (("--query-gpu=colour", "--format=csv"), 2, 'Field "colour" is not a valid field'),
        (("--query-gpu=uuid",), 2, '"--format=" switch is missing'),
        (("--query-gpu=uuid", "--format=noheader"), 2, '"--format=" switch is missing'),
        (("--frobnicate",), 2, "ERROR: Option --frobnicate is not recognized."),
        (("-x",), 2, "Invalid combination"),
        (("--format=csv",), 2, "Invalid combination"),
    ],
)
def test_nvidia_smi_fails_as_nvidias_does(
    arguments: tuple[str, ...], code: int, says: str, tmp_path: Path
) -> None:
    with tarfile.open(fileobj=io.BytesIO(nvidia_smi.archive([Device(0, "GPU-a", 0)]))) as archive:
        archive.extractall(tmp_path, filter="data")
    done = subprocess.run(
        [tmp_path / "usr/bin/nvidia-smi", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert says in done.stdout


def test_real_host_passes_the_request_to_the_engine() -> None:
    host = gpu.real(["0, GPU-aaaa", "1, GPU-bbbb"])
    request_ = {"Driver": "", "Count": 0, "DeviceIDs": ["1"], "Capabilities": [["gpu"]]}
    injection = host.inject([request_])
    assert injection.host == {"DeviceRequests": [request_]}
    assert [item.uuid for item in injection.gpus] == ["GPU-bbbb"]
    assert injection.files is None


def test_driver_that_is_not_understood_is_our_fault() -> None:
    with pytest.raises(GraderError):
        gpu.real(["NVIDIA-SMI has failed"])
