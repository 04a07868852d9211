"""Exercise gpu_visibility: one container, one GPU, and a service that knows what it has."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from grader.answer.run_command import RunCommand
from grader.engine import gpu, nvidia_smi, permitted
from grader.engine.gpu import GpuHost, Injection
from grader.engine.image import Image
from grader.judging import gpureport
from grader.judging.gpureport import Printed
from grader.probe.bench import Bench
from grader.probe.start import Start
from grader.verdict.outcome import CapabilityAbsent
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("gpu_visibility")

REPORT_SECONDS = 15.0
MARK = "--- next ---"


Reporter = Callable[..., list[Printed]]


@pytest.fixture(scope="module")
def report(image: Image, start: Start, run_command: RunCommand, bench: Bench) -> Reporter:
    """Run gpu_report.py in a container with what ``injection`` brings, once for each value of
    CUDA_VISIBLE_DEVICES (None: not set)."""

    def run(
        injection: Injection | None,
        values: Sequence[str | None] = (None,),
        environment: Sequence[str] = (),
        files: bytes | None = None,
    ) -> list[Printed]:
        host = {
            key: item
            for key, item in permitted.capped(run_command.host).items()
            if key not in TAKEN
        }
        config: dict[str, Any] = {
            "Env": [*(injection.environment if injection else ()), *environment],
            "Entrypoint": [],
            "Cmd": ["sh", "-c", "; ".join(_run_once(value) for value in values)],
        }
        container = start(
            image,
            config=config,
            host={**host, **(injection.host if injection else {})},
            files=files or (injection.files if injection else None),
            ready=False,
        )
        container.wait_exit(REPORT_SECONDS)
        logs = container.lines()
        blocks, errors = (
            "\n".join(stream).split(MARK)[: len(values)] for stream in (logs.stdout, logs.stderr)
        )
        printed = [gpureport.read(*both) for both in zip(blocks, errors, strict=False)]
        for value, one in zip(values, printed, strict=False):
            setting = "" if value is None else f"-e CUDA_VISIBLE_DEVICES={value} "
            bench.record(
                Evidence(
                    f"docker run --rm {setting}scorer",
                    f"{one.output}\n{one.errors}".strip()[-600:],
                    told=True,
                )
            )
        return printed

    return run


TAKEN = ("DeviceRequests", "RestartPolicy")


def _run_once(value: str | None) -> str:
    setting = "" if value is None else f"CUDA_VISIBLE_DEVICES='{value}' "
    mark = f"echo '{MARK}'"
    return f"{setting}python gpu_report.py; code=$?; echo; echo $code; {mark}; {mark} >&2"


@pytest.mark.points(2)
@pytest.mark.expects("a device request for one GPU, by number, uuid or count 1")
@pytest.mark.hint(
    "`--gpus all` is what its name says.",
    "--gpus takes a count, or device= and a number; docker reads the value as CSV.",
    "Write --gpus '\"device=0\"' or --gpus 1 before the image's name.",
)
def test_requests_one_gpu(run_command: RunCommand, bench: Bench) -> None:
    """The command requests exactly one GPU.

    A container that takes all GPUs blocks them for every other service on the machine.
    """
    requests = run_command.host.get("DeviceRequests") or []
    bench.record(
        Evidence(
            "docker inspect -f '{{json .HostConfig.DeviceRequests}}' web",
            json.dumps(requests),
            told=True,
        )
    )
    assert requests, "The command requests no GPU at all: it needs --gpus."
    kinds = {
        kind for request in requests for kinds in request["Capabilities"] or [] for kind in kinds
    }
    is_cdi = any(request["Driver"] == "cdi" for request in requests)
    assert is_cdi or "gpu" in kinds, f"The request is for {sorted(kinds)}, not for a GPU."
    names = [name for request in requests for name in request["DeviceIDs"] or ()]
    count = sum(request["Count"] or 0 for request in requests) + len(names)
    is_all = any(request["Count"] == -1 for request in requests) or any(
        name.endswith("all") for name in names
    )
    assert not is_all, "The command requests all GPUs of the host; one is enough."
    both = [request for request in requests if request["Count"] and request["DeviceIDs"]]
    assert not both, (
        "The command asks for a count of GPUs and for devices by name, and the engine refuses "
        "that: cannot set both Count and DeviceIDs on device request. In a shell, "
        "--gpus '\"device=0,1\"' keeps the quotes that docker needs."
    )
    none = " 0 is a number of GPUs here; the first one is device=0." if not names else ""
    assert count == 1, (
        f"The command requests {count} GPUs{': ' if names else ''}{', '.join(names)}; it should be "
        f"one.{none if not count else ''}"
    )


@pytest.mark.points(2)
@pytest.mark.expects("the uuid of the one GPU that was requested, and device cuda")
@pytest.mark.hint(
    "What does `nvidia-smi -L` show inside the container?",
    "The container only has the GPU that was requested; report what is there.",
)
def test_sees_only_that_gpu(run_command: RunCommand, gpu_host: GpuHost, report: Reporter) -> None:
    """The service reports the GPU that was requested, and no other.

    Who trusts a number from a configuration file loads the model onto somebody else's GPU.
    """
    injection = gpu_host.inject(run_command.host.get("DeviceRequests") or [])
    [printed] = report(injection)
    expected = [item.uuid for item in injection.gpus]
    assert expected, "The command requests no GPU, so there is none to see."
    gpureport.assert_reports(printed, expected, "")
    assert len(expected) == 1, f"The container sees {len(expected)} GPUs instead of one."
    assert printed.indices == ["0"], (
        f"{gpureport.said(printed)}; in a container the GPUs are numbered from 0, so this one's "
        "index is 0."
    )


@pytest.mark.points(1)
@pytest.mark.expects("no GPU in the list")
@pytest.mark.hint(
    "An environment variable is no proof of a GPU: images of CUDA set some for everyone.",
    "Ask the driver (nvidia-smi); where there is none, the list is empty.",
)
def test_sees_none_without_request(report: Reporter) -> None:
    """Started without a request, the service reports no GPU.

    Images set NVIDIA_VISIBLE_DEVICES=all by themselves, so the variable proves nothing.
    """
    [printed] = report(None, environment=["NVIDIA_VISIBLE_DEVICES=all"])
    gpureport.assert_reports(printed, [], "This container was given no GPU. ")


@pytest.mark.points(2)
@pytest.mark.expects("exactly the GPUs that CUDA_VISIBLE_DEVICES leaves, in its order")
@pytest.mark.hint(
    "nvidia-smi doesn't look at CUDA_VISIBLE_DEVICES; CUDA does.",
    "The variable holds numbers or uuids; their order counts, and an empty value means none.",
    "Walk through the names; stop at the first one that no GPU has.",
)
def test_honours_visible_devices(gpu_host: GpuHost, report: Reporter) -> None:
    """CUDA_VISIBLE_DEVICES is honoured as CUDA does it.

    Schedulers share the GPUs of one container among several processes with this variable.
    """
    gpus = gpu_host.gpus
    last, first = gpus[-1], gpus[0]
    expected = {
        str(last.index): [last.uuid],
        first.uuid: [first.uuid],
        f"{last.index},{first.index}": list(dict.fromkeys([last.uuid, first.uuid])),
        f"{first.index},99,{last.index}": [first.uuid],
        "": [],
        "-1": [],
    }
    if len(gpus) == 1:
        del expected[f"{last.index},{first.index}"]
    values = list(expected)
    printed = report(replace(gpu_host.inject([gpu.ALL]), environment=()), values)
    for value, run in zip(values, printed, strict=True):
        wanted = expected[value]
        gpureport.assert_reports(run, wanted, f"With CUDA_VISIBLE_DEVICES={value!r}: ")


@pytest.mark.points(2)
@pytest.mark.expects('{"gpus": [], "device": "cpu"} and exit code 0')
@pytest.mark.hint(
    "nvidia-smi may be absent, and it may be there and fail.",
    "Look at its exit code as well; a traceback is no answer.",
)
def test_falls_back_to_cpu(report: Reporter, request: pytest.FixtureRequest) -> None:
    """With a broken driver the service reports the CPU and ends well.

    After a driver update nvidia-smi is there and fails, and the device nodes are there as well. The
    service should say so by working on.
    """
    nodes = None
    with contextlib.suppress(CapabilityAbsent):
        host: GpuHost = request.getfixturevalue("gpu_host")
        if host.is_simulated:
            nodes = replace(host.inject([gpu.ALL]), environment=())
    [printed] = report(nodes, files=nvidia_smi.broken())
    assert printed.content is not None, f"nvidia-smi fails here. {gpureport.said(printed)}."
    gpureport.assert_reports(printed, [], "nvidia-smi fails here. ")
