"""What a build's log says about why it failed, and whose fault that is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from grader.engine import absent
from grader.verdict.outcome import BuildFailed, EngineError, GraderError
from grader.verdict.report import Evidence

SHOWN_LINES = 12
STEP = re.compile(r"^#\d+ \[.*\d+/\d+\] (.+)$")
PRINTED = re.compile(r"^#\d+ \d+\.\d+ (.*)$")
_LINE = re.compile(r"^\S*Dockerfile\S*:(\d+)$")
_ENGINE_GONE = re.compile(
    r"Cannot connect to the Docker daemon|error reading from server: EOF|connection refused"
    r"|transport is closing|closing transport|frontend grpc server closed"
    r"|rpc error: code = Unavailable|broken pipe|Unexpected EOF|no builder",
    re.I,
)


@dataclass(frozen=True)
class Run:
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


def _absent_base(said: str, recipe: Buildable) -> str | None:
    """The lab's image that BuildKit could not find, which is nobody's fault but ours."""
    for image in recipe.images.values():
        if re.search(rf"(?m)^ > \[.*\] load metadata for (docker\.io/)?{re.escape(image)}:$", said):
            return image
    return None


_CAUSE = re.compile(
    r"^(E: .+|ERROR: .+|error: .+|fatal: .+|\w*Error: .+|.*: command not found|.*: not found"
    r"|.*: No such file or directory|.*: Permission denied|.*[Ee]rror: .+|make: \*\*\* .+)$"
)


def _cause(output: Sequence[str]) -> str:
    """The sentence with which a step's tool said why it gave up; empty where none is known."""
    found = [line.strip() for line in output if _CAUSE.match(line.strip())]
    return found[-1].rstrip(".")[:300] if found else ""


def is_mute(run: Run) -> bool:
    """Whether a step failed without a word. On a busy machine BuildKit now and then loses what a
    step said at its end; then it is worth to hear it again, and the steps before it are cached."""
    failed = any("did not complete successfully" in line for line in run.lines)
    return failed and not run.expired and not any(map(PRINTED.match, run.lines))


def failure(run: Run, recipe: Buildable, deadline: float) -> Exception:
    """What to raise for a build that didn't succeed: BuildFailed with the offending line, NotInLab
    for what only the lab lacks, EngineError where the engine gave up or is gone."""
    lines, said = run.lines, "\n".join(run.lines)
    if base := _absent_base(said, recipe):
        return GraderError(
            f"The lab's own image {base} is missing: ./lab setup makes it. Nothing was scored."
        )
    number = next((int(m[1]) for line in reversed(lines) if (m := _LINE.match(line))), None)
    output = [m[1] for line in lines if (m := PRINTED.match(line))]
    steps = [m[1] for line in lines if (m := STEP.match(line))]
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
        if missing := absent.found(reason, output, place, recipe.text):
            return missing
        message = f"{place}{_cause(output) or reason[:400]}."
    shown = "\n".join(output[-SHOWN_LINES:])
    return BuildFailed(
        message, Evidence("docker build .", shown or said[-800:], "a build that succeeds")
    )
