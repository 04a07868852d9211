"""What the grader costs above the engine's own time, for the solutions of the course.

    .venv/bin/python benchmarks/check_latency.py [--rounds N] [EXERCISE …]

Three ways to judge the same answer, in turn, so that a noisy machine disturbs all alike:

* ``floor``: a bare script that makes the same engine calls for the same checks (floor/);
* ``kernel``: ``grade("…")`` in a running Jupyter kernel, warm;
* ``command``: ``./lab check … --json`` as a process of its own, warm caches.

Printed are medians in seconds, the ratio kernel : floor, what the command line adds to the kernel,
and peak memory. Absolute times mean nothing on a shared machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import floor  # noqa: E402
from jupyter_client.manager import KernelManager  # noqa: E402

from grader.exercise import catalog  # noqa: E402
from grader.store import database  # noqa: E402

CORE = (
    "nonroot_user",
    "healthcheck_instruction",
    "signal_delivery",
    "memory_limit",
    "gpu_visibility",
    "json_logs",
)


class Kernel:
    """A running IPython kernel with the extension loaded."""

    def __init__(self, workspace: Path) -> None:
        self._manager = KernelManager()
        self._state = workspace / ".state"
        environment = {"DRYDOCK_WORKSPACE": str(workspace), "DRYDOCK_STATE": str(self._state)}
        self._manager.start_kernel(cwd=str(ROOT), env={**os.environ, **environment})
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)
        self.run("%load_ext grader")

    def run(self, code: str) -> str:
        """Run a cell; its result as text. Raises RuntimeError when the cell raises."""
        results: list[str] = []

        def listen(message: dict[str, object]) -> None:
            content = message["content"]
            assert isinstance(content, dict)
            if message["msg_type"] == "execute_result":
                results.append(content["data"]["text/plain"])
            if message["msg_type"] == "error":
                raise RuntimeError("\n".join(content["traceback"]))

        self._client.execute_interactive(code, output_hook=listen, timeout=300)
        return results[-1] if results else ""

    def seconds(self, exercise: str) -> float:
        """Wall-clock seconds of grade() as the kernel sees it; full marks are asserted. No result
        is remembered from the round before; how the lab's bases look is."""
        for path in self._state.glob(f"{database.FILE}*"):
            path.unlink()
        maximum = catalog.find(exercise).max_points
        code = (
            "import time as _t; _a = _t.monotonic(); "
            f"_s = grade({exercise!r}); _b = _t.monotonic() - _a\n(float(_s), _b)"
        )
        score, seconds = json.loads(self.run(code).replace("(", "[").replace(")", "]"))
        if score != maximum:
            raise RuntimeError(f"{exercise}: {score} of {maximum} points")
        return float(seconds)

    def peak(self) -> float:
        """Peak memory of the kernel process in MiB."""
        code = "import resource as _r; _r.getrusage(_r.RUSAGE_SELF).ru_maxrss / 1024"
        return float(self.run(code))

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=False)


def command_seconds(exercise: str, answers: Path) -> float:
    """Wall-clock seconds of the command line, from start to exit."""
    begun = time.monotonic()
    done = subprocess.run(
        [ROOT / "lab", "check", exercise, "--submission", answers, "--json", "--no-cache"],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode() + done.stdout.decode())
    return time.monotonic() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exercises", nargs="*", default=CORE)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        for name in options.exercises:
            exercise = catalog.find(name)
            for answer, text in exercise.solved.items():
                path = workspace / name / answer
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        kernel = Kernel(workspace)
        print(f"{'exercise':26}{'floor':>8}{'kernel':>8}{'command':>9}{'ratio':>8}{'adds':>8}")
        for name in options.exercises:
            exercise = catalog.find(name)
            floors: list[float] = []
            kernels: list[float] = []
            commands: list[float] = []
            for turn in range(options.rounds + 1):
                measured = (
                    floor.seconds(exercise),
                    kernel.seconds(name),
                    command_seconds(name, exercise.solution),
                )
                if turn:  # the first round warms the build cache
                    for values, value in zip((floors, kernels, commands), measured, strict=True):
                        values.append(value)
            low, mid, high = map(statistics.median, (floors, kernels, commands))
            adds = statistics.median(c - k for c, k in zip(commands, kernels, strict=True))
            print(f"{name:26}{low:8.3f}{mid:8.3f}{high:9.3f}{mid / low:8.2f}{adds:8.3f}")
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"peak memory: kernel {kernel.peak():.0f} MiB, largest child {children:.0f} MiB")
        kernel.close()


if __name__ == "__main__":
    main()
