"""BuildKit builds, through buildx and from nowhere else.

Hermetic: no network, the lab's images behind the names that learners write (named contexts), a
context of bytes that we wrote, a clean environment, a deadline for the whole process group.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from grader.engine import buildlog, cliplugins
from grader.engine.buildlog import PRINTED, STEP, Buildable, Run
from grader.engine.patience import Patience
from grader.verdict.outcome import EngineError, MachineTooBusy
from grader.verdict.text import clean

KEPT_LINES = 400
FILE_BYTES = 1 << 30
"""The largest file that a RUN may write."""
METADATA = "metadata.json"

_LOADING = re.compile(r"^#(\d+) \[internal\] load build definition from ")


@dataclass(frozen=True)
class Secret:
    """A build-time secret that BuildKit mounts under /run/secrets/``id``."""

    id: str
    value: bytes


def build(
    recipe: Buildable,
    context: Mapping[str, bytes],
    *,
    folder: Path,
    labels: Mapping[str, str],
    seconds: float,
    printed: Callable[[str], None],
    secrets: Sequence[Secret] = (),
    arguments: Mapping[str, str] = MappingProxyType({}),
    target: str = "",
    network: str = "none",
    group: str = "",
) -> str:
    """Build and return the image's id.

    ``folder`` is where the context is written for BuildKit; ``target`` a stage to end at; ``group``
    is the control group of its RUN steps (see ``buildgroup``); ``printed`` gets each line that a
    step prints. Raises BuildFailed with the offending line and its output, EngineError when the
    engine is at fault.
    """
    with tempfile.TemporaryDirectory(prefix="build-", dir=folder) as private:
        root = Path(private)
        write(root / "context", {**context, "Dockerfile": recipe.text.encode()})
        write(root / "secrets", {secret.id: secret.value for secret in secrets})
        command = [
            *cliplugins.buildx(),
            "build",
            "--progress=plain",
            "--provenance=false",
            f"--network={network}",
            f"--ulimit=fsize={FILE_BYTES}",
            f"--metadata-file={root / METADATA}",
            *([f"--cgroup-parent={group}"] if group else []),
            *(f"--label={key}={value}" for key, value in labels.items()),
            *(
                f"--build-context={name}=docker-image://{image}"
                for name, image in recipe.images.items()
            ),
            *([f"--target={target}"] if target else []),
            *(f"--build-arg={key}={value}" for key, value in arguments.items()),
            *(f"--secret=id={secret.id},src={root / 'secrets' / secret.id}" for secret in secrets),
            str(root / "context"),
        ]
        run = _run(command, root, seconds, printed)
        if buildlog.is_mute(run):
            run = _run(command, root, seconds, printed)
        if run.code == 0:
            return _identity(root / METADATA)
    raise buildlog.failure(run, recipe, seconds)


def _identity(metadata: Path) -> str:
    """The image's id in the engine's own store. With containerd's it is the digest of the manifest;
    what buildx writes into an ``--iidfile`` is that of the configuration on every store
    (docker/buildx#3952), which that store doesn't know."""
    try:
        return str(json.loads(metadata.read_text(encoding="utf-8"))["containerimage.digest"])
    except (OSError, ValueError, LookupError) as error:
        raise EngineError(
            "buildx doesn't say which image it built: 0.9 or newer does. Nothing was scored."
        ) from error


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make a new folder that holds these files."""
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


ENOUGH_SECONDS = 20.0
"""Of the machine's time: no build of the course takes half of it."""


def _run(
    command: Sequence[str], folder: Path, seconds: float, printed: Callable[[str], None]
) -> Run:
    """Run buildx, for ``seconds`` at most. Killing the client ends the RUN."""
    expired = threading.Event()
    process = subprocess.Popen(
        [*tether(), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=cliplugins.environment(folder),
        start_new_session=True,
    )

    patience, over = Patience(seconds, enough=ENOUGH_SECONDS), threading.Event()

    def watch() -> None:
        with contextlib.suppress(MachineTooBusy):
            while (left := patience.left()) and not over.wait(left):
                pass
        if not over.is_set():
            expired.set()
            os.killpg(process.pid, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    loading, is_read = "", False
    try:
        assert process.stdout
        for raw in iter(lambda: process.stdout.readline(65536), b""):  # type: ignore[union-attr]
            line = clean(raw.decode("utf-8", "replace")).rstrip()
            lines.append(line)
            if match := _LOADING.match(line):
                loading = f"#{match[1]} DONE"
            is_read = is_read or bool(loading and line.startswith(loading))
            if match := STEP.match(line) or PRINTED.match(line):
                printed(match[1])
        code = process.wait()
    finally:
        over.set()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout:
            process.stdout.close()
    return Run(list(lines), code, expired.is_set(), is_read)


def tether() -> list[str]:
    """A prefix that ends the build with this process, however this process ends. The kernel ties
    it to the calling thread, which waits for the build."""
    program = shutil.which("setpriv")
    return [program, "--pdeathsig", "KILL", "--"] if program else []
