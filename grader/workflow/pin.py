"""Which foreign code a workflow runs, and whether it is always the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from grader.workflow import image_name, unknown
from grader.workflow.container import RUN_SWITCHES
from grader.workflow.machine import Doing
from grader.workflow.model import Step, Workflow
from grader.workflow.option import Options
from grader.workflow.option import read as read_options

_COMMIT = re.compile(r"[0-9a-fA-F]{40}")
_DIGEST = re.compile(r"@sha256:[0-9a-fA-F]{64}$")


def loose(workflow: Workflow, doings: Iterable[Doing]) -> Iterator[str]:
    """What isn't pinned, a sentence each. ``doings`` are the programs that its runs started."""
    doings = tuple(dict.fromkeys(doings))
    own = _own(workflow, doings)
    for step in workflow.steps:
        if step.uses.startswith("docker://"):
            if not is_exact(step.uses):
                yield f"{step} uses {step.uses[:80]}, an image without a digest."
        elif step.uses and not step.uses.startswith("./"):
            version = step.uses.rpartition("@")[2]
            if not _COMMIT.fullmatch(version):
                yield (
                    f"{step} uses {step.uses[:80]}: {version[:40]!r} is a tag or branch, which its "
                    "owner can move; a commit's 40 digits stay."
                )
    for step, options in containers(doings):
        name = options.positional[0]
        if _repository(name) in own or not unknown.is_known(name):
            continue
        if not _has_version(name):
            yield f"{step} runs {unknown.shown(name)[:80]}: whatever is the latest that day."
    for job in workflow.jobs.values():
        if job.uses and not _COMMIT.fullmatch(job.uses.rpartition("@")[2]):
            yield f"job {job.id} calls {job.uses[:80]}, a tag or branch that its owner can move."
        for name in job.images:
            if "${{" not in name and not _has_version(name):
                yield f"job {job.id} runs {name[:80]}: whatever is the latest that day."


def containers(doings: Iterable[Doing]) -> Iterator[tuple[Step, Options]]:
    """Every ``docker run``, by its options."""
    for doing in doings:
        words = list(doing.words)
        if words[:1] in (["docker"], ["podman"]):
            rest = words[2:] if words[1:2] == ["container"] else words[1:]
            if rest[:1] in (["run"], ["create"]):
                options = read_options(rest[1:], RUN_SWITCHES, stop=True)
                if options.positional:
                    yield doing.step, options


def is_exact(name: str) -> bool:
    return bool(_DIGEST.search(name))


def _has_version(name: str) -> bool:
    return is_exact(name) or not image_name.normal(name).endswith(":latest")


def _own(workflow: Workflow, doings: Iterable[Doing]) -> frozenset[str]:
    """The names, without tags, of the images that the workflow makes itself."""
    names: list[str] = []
    for step in workflow.steps:
        names += str(step.inputs.get("tags") or "").replace(",", "\n").splitlines()
    for doing in doings:
        words = list(doing.words)
        if words[1:2] == ["tag"] or words[1:3] == ["image", "tag"]:
            names += words[-1:]
        pairs = zip(words, [*words[1:], ""], strict=True)
        names += [after for word, after in pairs if word in ("-t", "--tag")]
        names += [word.removeprefix("--tag=") for word in words if word.startswith("--tag=")]
    return frozenset(_repository(name) for name in names if name.strip())


def _repository(name: str) -> str:
    return re.sub(r"(:[^/]*|@.*)$", "", image_name.normal(name))
