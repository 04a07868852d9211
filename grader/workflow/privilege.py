"""What the jobs of a workflow may do, against what they were seen to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from grader.workflow import action, pin
from grader.workflow.machine import Doing
from grader.workflow.model import Job, Step, Workflow
from grader.workflow.run import Run

_USED_BY = (
    ("contents", r"git push\b|gh (release|repo|api|workflow)\b"),
    ("pull-requests", r"gh (pr|api)\b"),
    ("issues", r"gh (issue|pr|api)\b"),
    ("actions", r"gh (run|workflow|cache|api)\b"),
    ("id-token", r"cosign (sign|attest)\b|curl\b.*ACTIONS_ID_TOKEN|gh attestation"),
    ("attestations", r"cosign attest\b|gh (attestation|api)\b"),
    ("security-events", r"gh api\b"),
    ("deployments", r"gh api\b"),
    ("statuses", r"gh api\b"),
    ("checks", r"gh api\b"),
)
"""Programs, by their command lines, that use a permission to write."""
_API = re.compile(r"api\.github\.com/\S*|uploads\.github\.com")
_PUSH = re.compile("push|imagetools|skopeo|crane|regctl|publish")
_HEAD = re.compile(r"pull_request\.head|github\.head_ref|refs/pull/", re.I)


def excess(workflow: Workflow, runs: Iterable[Run]) -> Iterator[str]:
    """What goes too far, a sentence each. ``runs`` are all that the scenarios come to."""
    runs = tuple(runs)
    doings = tuple(dict.fromkeys(each for run in runs for told in run.told for each in told.doings))
    pushing = {each.step.job for run in runs for each in run.of("push", "candidate")}
    for job in workflow.jobs.values():
        does = job.id in pushing if pushing else _means_to_push(job)
        yield from _permissions(job, _used(job, doings) | ({"packages"} if does else set()))
    yield from _engine(doings)
    for step in workflow.steps:
        if "pull_request_target" in workflow.triggers and _takes_head(step, doings):
            yield (
                f"{step} checks out the code of a pull request under pull_request_target: a "
                "stranger's code would run with the repository's secrets."
            )


def _permissions(job: Job, used: set[str]) -> Iterator[str]:
    asked = job.permissions
    if asked is None:
        yield (
            f"job {job.id} declares no permissions, so its token may do whatever the repository's "
            "settings give."
        )
        return
    if isinstance(asked, str):
        if asked == "write-all":
            yield f"job {job.id} has write-all: its token may change everything."
        return
    for scope, level in asked.items():
        if level == "write" and scope not in used and "*" not in used:
            what = "pushes nothing" if scope == "packages" else "none of its steps uses that"
            yield f"job {job.id} has {scope}: write, and {what}."


def _used(job: Job, doings: Iterable[Doing]) -> set[str]:
    """The permissions to write that a job's steps use, or may use as far as one can tell."""
    used: set[str] = set()
    for step in job.steps:
        if step.uses and not step.uses.startswith(("./", "docker://")):
            known = action.table().get(step.action)
            used |= set(known.get("needs", ()) if known is not None else {"*"})
            keyless = {str(key): str(value) for key, value in step.inputs.items()}
            used |= {"id-token"} if {"role-to-assume", "use_oidc"} & set(keyless) else set()
    for doing in doings:
        if doing.step.job == job.id:
            text = " ".join(doing.words)
            used |= {scope for scope, pattern in _USED_BY if re.match(pattern, text)}
            used |= {"*"} if _API.search(text) else set()
    return used


def _means_to_push(job: Job) -> bool:
    """For a workflow that doesn't get as far as pushing."""
    return any(_PUSH.search(f"{step.uses} {step.run} {step.inputs}") for step in job.steps)


def _engine(doings: Iterable[Doing]) -> Iterator[str]:
    for step, options in pin.containers(doings):
        name = options.positional[0]
        mounts = " ".join(options.all("-v", "--volume", "--mount"))
        opened = "docker.sock" in mounts or options.has("--privileged")
        if opened and not pin.is_exact(name):
            yield (
                f"{step} hands the engine's socket to {name[:80]}, an image without a digest: "
                "whoever moves that tag owns the machine."
            )


def _takes_head(step: Step, doings: Iterable[Doing]) -> bool:
    if step.action == "actions/checkout":
        return bool(_HEAD.search(f"{step.inputs.get('ref')} {step.inputs.get('repository')}"))
    lines = [" ".join(doing.words) for doing in doings if doing.step is step]
    return any(
        re.match(r"gh pr checkout|git (fetch|checkout|pull)\b.*(pull/|change\b)", line)
        for line in lines
    )
