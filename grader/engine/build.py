"""BuildKit builds, through buildx and from nowhere else.

Hermetic: no network, the lab's images behind the names that learners write (named contexts), a
context of bytes that we wrote, a clean environment, a deadline for the whole process group.
"""

from __future__ import annotations

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
from typing import Protocol

from grader.engine import cliplugins
from grader.verdict.outcome import BuildFailed, EngineError, GraderError
from grader.verdict.report import Evidence
from grader.verdict.text import clean

KEPT_LINES = 400
SHOWN_LINES = 12
FILE_BYTES = 1 << 30
"""The largest file that a RUN may write."""
METADATA = "metadata.json"

_STEP = re.compile(r"^#\d+ \[.*\d+/\d+\] (.+)$")
_PRINTED = re.compile(r"^#\d+ \d+\.\d+ (.*)$")
_LOADING = re.compile(r"^#(\d+) \[internal\] load build definition from ")
_LINE = re.compile(r"^\S*Dockerfile\S*:(\d+)$")
_ENGINE_GONE = re.compile(
    r"Cannot connect to the Docker daemon|error reading from server: EOF|connection refused"
    r"|transport is closing|closing transport|frontend grpc server closed"
    r"|rpc error: code = Unavailable|broken pipe|Unexpected EOF|no builder",
    re.I,
)


@dataclass(frozen=True)
class _Run:
    """What a run of buildx came to. ``lines`` are the last ones; ``is_read`` says whether BuildKit
    had the Dockerfile: before that nothing of an answer is looked at, so nothing is at fault."""

    lines: list[str]
    code: int
    expired: bool
    is_read: bool


class Buildable(Protocol):
    """A reviewed Dockerfile: its text, and the lab's image for each name that it builds on."""

    @property
    def text(self) -> str: ...

    @property
    def images(self) -> Mapping[str, str]: ...


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
        if run.code == 0:
            return _identity(root / METADATA)
    raise _failure(run, recipe, seconds)


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


def _run(
    command: Sequence[str], folder: Path, seconds: float, printed: Callable[[str], None]
) -> _Run:
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

    def cut() -> None:
        expired.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
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
            if match := _STEP.match(line) or _PRINTED.match(line):
                printed(match[1])
        code = process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if process.stdout:
            process.stdout.close()
    return _Run(list(lines), code, expired.is_set(), is_read)


def tether() -> list[str]:
    """A prefix that ends the build with this process, however this process ends. The kernel ties
    it to the calling thread, which waits for the build."""
    program = shutil.which("setpriv")
    return [program, "--pdeathsig", "KILL", "--"] if program else []


def _absent_base(said: str, recipe: Buildable) -> str | None:
    """The lab's image that BuildKit could not find, which is nobody's fault but ours."""
    for image in recipe.images.values():
        if re.search(rf"(?m)^ > \[.*\] load metadata for (docker\.io/)?{re.escape(image)}:$", said):
            return image
    return None


def _failure(run: _Run, recipe: Buildable, deadline: float) -> Exception:
    lines, said = run.lines, "\n".join(run.lines)
    if absent := _absent_base(said, recipe):
        return GraderError(
            f"The lab's own image {absent} is missing: ./lab setup makes it. Nothing was scored."
        )
    number = next((int(m[1]) for line in reversed(lines) if (m := _LINE.match(line))), None)
    output = [m[1] for line in lines if (m := _PRINTED.match(line))]
    steps = [m[1] for line in lines if (m := _STEP.match(line))]
    if run.expired:
        if not run.is_read:
            return EngineError(
                f"The engine took no Dockerfile within {deadline:.0f} s. Nothing was scored."
            )
        step = f" at `{steps[-1]}`" if steps else ""
        message = f"The build did not end within {deadline:.0f} s; it was stopped{step}."
    elif _ENGINE_GONE.search(said) and number is None:
        return EngineError("The Docker Engine went away during the build. Nothing was scored.")
    else:
        reason = next((line for line in reversed(lines) if line.startswith("ERROR: ")), "")
        reason = re.sub(r"^ERROR: (failed to (solve|build): )?", "", reason)
        reason = re.sub(r"^process \"(.*)\" did not complete successfully: ", "", reason)
        if not reason:
            return EngineError(f"The build ended without a reason: {said[-300:]!r}.")
        if not run.is_read:
            return EngineError(
                f"The build ended before your Dockerfile was read: {reason[:400]}. "
                "Nothing was scored; ./lab doctor says what is wrong."
            )
        place = ""
        if number is not None:
            source = recipe.text.split("\n")
            place = f"Line {number}, `{source[number - 1].strip()[:120]}`: "
        message = f"{place}{reason[:400]}."
    shown = "\n".join(output[-SHOWN_LINES:])
    return BuildFailed(
        message, Evidence("docker build .", shown or said[-800:], "a build that succeeds")
    )
