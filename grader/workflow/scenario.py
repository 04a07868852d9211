"""The events that a workflow is tried with, and what GitHub would tell it of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.workflow import unknown
from grader.workflow.machine import Failing
from grader.workflow.trigger import Event

SHA = "6f1c2a9e4b7d8035c6e1f2a3b4c5d6e7f8091a2b"
REPOSITORY = unknown.mark("github.repository", unknown.CHOSEN)
OWNER = unknown.mark("github.repository_owner", unknown.CHOSEN)
ACTOR = unknown.mark("github.actor", unknown.CHOSEN)
CHANGED = ("Dockerfile", "app.py", "model.json", "requirements.txt", "tests/test_app.py")
"""The files that the commits of the scenarios change."""


_BROKEN = "\n\ndef predict(features):\n    raise RuntimeError('broken for this scenario')\n"
_TOLD = """

def setUpModule():
    import json, os, socket
    with socket.socket(socket.AF_UNIX) as stage:
        stage.connect("/stage/run/socket")
        call = {"argv": ["tests"], "cwd": os.getcwd(), "env": {}, "in": ""}
        stage.sendall(json.dumps(call).encode() + b"\\n")
        stage.recv(1000)
"""
"""The given tests tell the stage that they run."""


def repository(given: Mapping[str, str], workflow: str, failing: Failing) -> dict[str, str]:
    """What the commit of a scenario holds: failing tests are tests of a broken app."""
    files = dict(given)
    if failing.tests:
        files["app.py"] += _BROKEN
    main = "\n\nif __name__ =="
    start, sign, end = files["tests/test_app.py"].partition(main)
    files["tests/test_app.py"] = start + _TOLD + sign + end
    return {**files, ".github/workflows/docker-build.yml": workflow, ".gitattributes": ""}


def _event(name: str, title: str, ref: str, event: dict[str, Any], **more: Any) -> Event:
    branch = ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""
    tag = ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else ""
    repository = {
        "default_branch": "main",
        "full_name": REPOSITORY,
        "name": unknown.mark("repository name", unknown.CHOSEN),
        "owner": {"login": OWNER},
        "fork": False,
        "private": False,
    }
    github = {
        "event_name": name,
        "ref": ref,
        "ref_name": branch or tag or "1/merge",
        "ref_type": "tag" if tag else "branch",
        "ref_protected": bool(branch),
        "head_ref": "",
        "base_ref": "",
        "sha": SHA,
        "repository": REPOSITORY,
        "repository_owner": OWNER,
        "repository_id": "1",
        "actor": ACTOR,
        "triggering_actor": ACTOR,
        "workflow": "release",
        "run_id": unknown.mark("github.run_id", unknown.SOME),
        "run_number": unknown.mark("github.run_number", unknown.SOME),
        "run_attempt": "1",
        "token": unknown.mark("secrets.GITHUB_TOKEN", unknown.SOME),
        "server_url": "https://github.com",
        "api_url": "https://api.github.com",
        "workspace": "/home/runner/work/scorer/scorer",
        "event": {"repository": repository, "sender": {"login": ACTOR}, **event},
    }
    branch = more.pop("branch", branch)
    github |= more.pop("github", {})
    return Event(name, title, github, branch, tag, **more)


def _push(ref: str, title: str) -> Event:
    commit = {"id": SHA, "message": unknown.mark("commit message", unknown.SOME)}
    return _event(
        "push",
        title,
        ref,
        {
            "ref": ref,
            "before": "0" * 39 + "1",
            "after": SHA,
            "created": False,
            "deleted": False,
            "forced": False,
            "head_commit": commit,
            "commits": [commit],
        },
    )


def _request(name: str, *, fork: bool) -> Event:
    source = f"{unknown.FORK}scorer" if fork else REPOSITORY
    owner = unknown.FORK.rstrip("/") if fork else OWNER
    head_repository = {"fork": fork, "full_name": source, "owner": {"login": owner}}
    request = {
        "number": 1.0,
        "draft": False,
        "merged": False,
        "state": "open",
        "labels": [],
        "title": unknown.mark("title", unknown.SOME),
        "user": {"login": owner if fork else ACTOR},
        "head": {"ref": "change", "sha": SHA, "repo": head_repository},
        "base": {"ref": "main", "sha": "1" * 40, "repo": {"full_name": REPOSITORY}},
        "author_association": "NONE" if fork else "OWNER",
    }
    target = name == "pull_request_target"
    return _event(
        name,
        f"{name} from a {'fork' if fork else 'branch'}",
        "refs/heads/main" if target else "refs/pull/1/merge",
        {"action": "opened", "number": 1.0, "pull_request": request},
        branch="main",
        types=frozenset({"opened", "synchronize", "reopened"}),
        is_fork=fork,
        github={"head_ref": "change", "base_ref": "main"},
    )


PUSH = _push("refs/heads/main", "push to main")
REQUESTS = tuple(
    _request(name, fork=fork)
    for name in ("pull_request", "pull_request_target")
    for fork in (False, True)
)
RELEASES = (
    PUSH,
    _push("refs/tags/v1.2.0", "push of the tag v1.2.0"),
    _event("workflow_dispatch", "a start by hand on main", "refs/heads/main", {"inputs": {}}),
    _event(
        "release",
        "a published release",
        "refs/tags/v1.2.0",
        {"action": "published", "release": {"tag_name": "v1.2.0", "prerelease": False}},
        types=frozenset({"published", "released", "created"}),
    ),
    _event("schedule", "a scheduled start", "refs/heads/main", {"schedule": "0 4 * * 1"}),
    _event(
        "workflow_run",
        "the end of another workflow on main",
        "refs/heads/main",
        {
            "action": "completed",
            "workflow_run": {
                "conclusion": "success",
                "event": "push",
                "head_branch": "main",
                "head_sha": SHA,
                "head_repository": {"full_name": REPOSITORY},
            },
        },
        types=frozenset({"completed"}),
    ),
)
"""Everything that may rightly end with a push."""
