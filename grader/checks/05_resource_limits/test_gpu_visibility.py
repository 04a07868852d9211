"""Exercise gpu_visibility: one container, one GPU, and a service that knows what it has."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from grader.answer.run_command import RunCommand
from grader.engine import gpu, permitted
from grader.engine.gpu import GpuHost, Injection
from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.probe.start import Start
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("gpu_visibility")

REPORT_SECONDS = 15.0
MARK = "--- next ---"


@dataclass(frozen=True)
class Printed:
    """What ``gpu_report.py`` printed in one run: its JSON object (or None), exit code, output."""

    content: Mapping[str, Any] | None
    code: int | None
    output: str

    @property
    def uuids(self) -> list[str] | None:
        """The uuids that it names, in order; None when it names them in no readable way."""
        gpus = self.content.get("gpus") if self.content else None
        if not isinstance(gpus, list) or not all(isinstance(item, dict) for item in gpus):
            return None
        return [str(item.get("uuid")) for item in gpus]


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
        blocks = "\n".join(container.lines().stdout).split(MARK)[: len(values)]
        printed = [_printed(block) for block in blocks]
        for value, one in zip(values, printed, strict=False):
            setting = "" if value is None else f"-e CUDA_VISIBLE_DEVICES={value} "
            bench.record(
                Evidence(f"docker run --rm {setting}scorer", one.output[-600:] or "(nothing)")
            )
        return printed

    return run


TAKEN = ("DeviceRequests", "RestartPolicy")


def _run_once(value: str | None) -> str:
    setting = "" if value is None else f"CUDA_VISIBLE_DEVICES='{value}' "
    return f"{setting}python gpu_report.py 2>&1; code=$?; echo; echo $code; echo '{MARK}'"


def _printed(block: str) -> Printed:
    *lines, code = block.strip().splitlines() or [""]
    output = "\n".join(lines)
    for line in (output, *reversed(lines)):
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if isinstance(content, dict):
            return Printed(content, int(code) if code.isdigit() else None, output)
    return Printed(None, int(code) if code.isdigit() else None, output)


def _said(printed: Printed) -> str:
    """What a run came to, in a few words."""
    if printed.content is not None:
        return f"It printed {json.dumps(dict(printed.content))[:300]}"
    last = printed.output.strip().splitlines()[-1:] or ["nothing"]
    return f"It printed no JSON object and ended with exit code {printed.code}: {last[0][:200]}"


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
            "docker inspect -f '{{json .HostConfig.DeviceRequests}}' web", json.dumps(requests)
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
    assert count == 1, f"The command requests {count} GPUs ({', '.join(names)}); one is enough."


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
    assert printed.uuids == expected, f"{_said(printed)}; the container has {', '.join(expected)}."
    assert len(expected) == 1, f"The container sees {len(expected)} GPUs instead of one."
    device = printed.content["device"] if printed.content and "device" in printed.content else None
    assert device == "cuda", f'With a GPU the device is "cuda"; it says {device!r}.'


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
    assert printed.uuids == [], f"{_said(printed)}; this container was given no GPU."


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
    printed = report(gpu_host.inject([gpu.ALL]), values)
    for value, run in zip(values, printed, strict=True):
        wanted = expected[value]
        assert run.uuids == wanted, (
            f"With CUDA_VISIBLE_DEVICES={value!r}: {_said(run)}; CUDA would use "
            f"{', '.join(wanted) or 'none'}."
        )


@pytest.mark.points(2)
@pytest.mark.expects('{"gpus": [], "device": "cpu"} and exit code 0')
@pytest.mark.hint(
    "nvidia-smi may be absent, and it may be there and fail.",
    "Look at its exit code as well; a traceback is no answer.",
)
def test_falls_back_to_cpu(report: Reporter) -> None:
    """With a broken driver the service reports the CPU and ends well.

    After a driver update nvidia-smi is there and fails. The service should say so by working on.
    """
    [printed] = report(None, files=gpu.broken_nvidia_smi())
    assert printed.content is not None, f"nvidia-smi fails here. {_said(printed)}."
    device = printed.content.get("device")
    assert device == "cpu", f'Without a working GPU the device is "cpu"; it says {device!r}.'
    assert printed.uuids == [], f"nvidia-smi fails here. {_said(printed)}."
    assert printed.code == 0, f"It reported well and then ended with exit code {printed.code}."
