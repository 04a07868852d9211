"""What the jobs of a workflow may do, against what their steps need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.workflow import pin
from grader.workflow.model import Job, Step, Workflow

_NEEDED_BY = {
    "contents": r"release|git-auto-commit|create-pull-request|ghaction-github-pages|changelog|"
    r"semantic|github-script|dependency-submission|\bgh \b|\bgit push\b|GITHUB_TOKEN|github\.token|"
    r"anchore/sbom|tag-action|peter-evans",
    "security-events": r"upload-sarif|codeql|scorecard|GITHUB_TOKEN|github\.token",
    "id-token": r"cosign|attest|login|auth|credentials|slsa|scorecard|sigstore|oidc|codecov|vault|"
    r"publish|provenance",
    "attestations": r"attest",
    "artifact-metadata": r"attest",
}
"""The writing permissions with what in a job's steps could need them."""
_ANY = r"github-script|\bgh \b|comment|report|scout|GITHUB_TOKEN|github\.token|labeler|deploy"
_PUSH = re.compile("push|imagetools|skopeo|crane|regctl|publish")
_HEAD = re.compile(r"pull_request\.head|github\.head_ref|refs/pull/", re.I)


def excess(workflow: Workflow, pushing: frozenset[str]) -> Iterator[str]:
    """What goes too far, a sentence each. ``pushing`` are the jobs that push in some run."""
    for job in workflow.jobs.values():
        yield from _permissions(job, job.id in pushing if pushing else _means_to_push(job))
    for step in workflow.steps:
        yield from _engine(workflow, step)
        if "pull_request_target" in workflow.triggers and _takes_head(step):
            yield (
                f"{step} checks out the code of a pull request under pull_request_target: a "
                "stranger's code would run with the repository's secrets."
            )


def _permissions(job: Job, pushes: bool) -> Iterator[str]:
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
    text = "\n".join(f"{step.uses}\n{step.run}\n{step.inputs}{step.env}" for step in job.steps)
    for scope, level in asked.items():
        if level != "write":
            continue
        if scope == "packages":
            if not pushes:
                yield f"job {job.id} has packages: write and pushes nothing."
        elif not re.search(_NEEDED_BY.get(scope, _ANY), text, re.I):
            yield f"job {job.id} has {scope}: write, and none of its steps needs that."


def _means_to_push(job: Job) -> bool:
    """For a workflow that doesn't get as far as pushing."""
    return any(_PUSH.search(f"{step.uses} {step.run} {step.inputs}") for step in job.steps)


def _engine(workflow: Workflow, step: Step) -> Iterator[str]:
    for options in pin.containers(workflow, step):
        name = options.positional[0]
        mounts = " ".join(options.all("-v", "--volume", "--mount"))
        opened = "docker.sock" in mounts or options.has("--privileged")
        if opened and not pin.is_exact(name):
            yield (
                f"{step} hands the engine's socket to {name[:80]}, an image without a digest: "
                "whoever moves that tag owns the machine."
            )


def _takes_head(step: Step) -> bool:
    if step.action == "actions/checkout":
        return bool(_HEAD.search(f"{step.inputs.get('ref')} {step.inputs.get('repository')}"))
    return bool(
        re.search(r"gh pr checkout|git (fetch|checkout|pull)\b[^\n]*(pull/|head_ref)", step.run)
    )
