"""Whether GitHub would accept a workflow file: its keys, their types, needs and expressions.

The keys are those of https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
as of 2026, the contexts those of its table "context availability".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from grader.workflow import availability, events, model, option
from grader.workflow.availability import OF_JOB, OF_STEP
from grader.workflow.lexer import ExpressionError

SCOPES = option.words(
    "actions artifact-metadata attestations checks contents deployments discussions id-token "
    "issues models packages pages pull-requests repository-projects security-events "
    "statuses"
)
_TOP = option.words("name run-name on permissions env defaults concurrency jobs")
_JOB = option.words(
    "name permissions needs if runs-on snapshot environment concurrency outputs env defaults steps "
    "timeout-minutes strategy continue-on-error container services uses with secrets"
)
_STEP = option.words(
    "id if name uses run working-directory shell with env continue-on-error timeout-minutes"
)
_DEFAULTS = option.words("shell working-directory")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_USES = re.compile(r"\./.*|docker://.+|[\w.-]+/[\w.-]+(/[\w./-]+)?@[^\s@]+")
MAX_STEPS = 200
MAX_MATRIX = 256
"""GitHub's own bound on the jobs of one matrix."""


def faults(found: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the file, a sentence each, worst first."""
    yield from events.unknown_keys(found, _TOP, "the file")
    if "on" not in found:
        yield "it has no on: nothing would ever start it."
    else:
        yield from events.faults(found["on"])
    yield from _permissions(found, "the file")
    yield from _defaults(found, "the file")
    yield from availability.of_env(found, "the file", "github secrets inputs vars")
    jobs = found.get("jobs")
    if not isinstance(jobs, dict) or not jobs:
        yield "it has no jobs."
        return
    bodies = [job for job in jobs.values() if isinstance(job, dict)]
    count = sum(len(job["steps"]) for job in bodies if isinstance(job.get("steps"), list))
    if count > MAX_STEPS:
        yield f"it has {count} steps; no real one has more than {MAX_STEPS}."
        return
    for name, job in jobs.items():
        yield from _job(str(name), job, jobs)


def order(jobs: Mapping[str, Any]) -> tuple[str, ...]:
    """The jobs with needs first. Raises ExpressionError when they need each other in a circle."""
    done: list[str] = []
    waiting = {str(name): model.needs(job) for name, job in jobs.items()}
    while waiting:
        free = [name for name, needed in waiting.items() if set(needed) <= set(done)]
        if not free:
            raise ExpressionError(
                f"the jobs {', '.join(waiting)} wait for each other (needs): none can start."
            )
        done += free
        for name in free:
            del waiting[name]
    return tuple(done)


def _job(name: str, job: Any, jobs: Mapping[str, Any]) -> Iterator[str]:
    where = f"job {name[:40]}"
    if not _ID.fullmatch(name):
        yield f"{where}: an id has letters, digits, - and _ only and starts with a letter."
    if not isinstance(job, dict):
        yield f"{where} should be a mapping."
        return
    yield from events.unknown_keys(job, _JOB, where)
    if "uses" in job:
        yield from _permissions(job, where)
        return
    if "runs-on" not in job:
        yield f"{where} has no runs-on: no machine would take it."
    needed = job.get("needs")
    many = needed if isinstance(needed, list) else [] if needed is None else [needed]
    for each in many:
        if not isinstance(each, str) or each not in jobs:
            yield f"{where} needs {str(each)[:40]!r}, and there is no such job."
    yield from _permissions(job, where)
    yield from availability.of_env(job, where, f"{OF_JOB} secrets")
    yield from availability.faults(
        job.get("if"), f"{where}, if", "github needs vars inputs", is_if=True
    )
    for key, contexts in {
        "runs-on": OF_JOB,
        "strategy": "github needs vars inputs",
        "outputs": f"{OF_STEP} secrets",
        "continue-on-error": OF_JOB,
        "environment": f"{OF_STEP} secrets",
        "container": f"{OF_JOB} env secrets",
        "services": f"{OF_JOB} env secrets",
    }.items():
        yield from availability.faults(job.get(key), f"{where}, {key}", contexts)
    for key in ("outputs", "services", "strategy"):
        value = job.get(key)
        computed = key != "outputs" and isinstance(value, str) and "${{" in value
        if value is not None and not isinstance(value, dict) and not computed:
            yield f"{where}: {key} should be a mapping."
    yield from _defaults(job, where)
    yield from _matrix(job.get("strategy"), where)
    yield from _steps(job.get("steps"), where)


def _matrix(strategy: Any, where: str) -> Iterator[str]:
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else None
    if not isinstance(matrix, dict):
        return
    count = 1
    for name, values in matrix.items():
        if isinstance(values, list) and name not in ("include", "exclude"):
            count *= len(values)
    if count > MAX_MATRIX:
        yield f"{where}: its matrix has {count} jobs, and GitHub runs at most {MAX_MATRIX}."


def _steps(steps: Any, where: str) -> Iterator[str]:
    if not isinstance(steps, list) or not steps:
        yield f"{where} has no steps."
        return
    ids: set[str] = set()
    for number, step in enumerate(steps, 1):
        yield from _step(step, f"{where}, step {number}")
        name = str(step.get("id") or "").lower() if isinstance(step, dict) else ""
        if name and name in ids:
            yield f"{where}, step {number}: the id {name[:40]!r} occurs twice in this job."
        ids.add(name)


def _step(step: Any, where: str) -> Iterator[str]:
    if not isinstance(step, dict):
        yield f"{where} should be a mapping with run or uses."
        return
    yield from events.unknown_keys(step, _STEP, where)
    if ("run" in step) == ("uses" in step):
        count = "both" if "run" in step else "none"
        yield f"{where} should have either run or uses; it has {count}."
        return
    main = "run" if "run" in step else "uses"
    if not isinstance(step[main], str) or not step[main].strip():
        yield f"{where}: {main} should be text."
        return
    if main == "uses" and not _USES.fullmatch(step["uses"]):
        yield (
            f"{where} uses {step['uses'][:60]!r}; an action is written owner/name@version, "
            "./folder or docker://image."
        )
    if main == "run" and "with" in step:
        yield f"{where}: with is for actions; a run step has env."
    if "with" in step and not isinstance(step["with"] or {}, dict):
        yield f"{where}: with should be a mapping."
    if not isinstance(step.get("id", ""), str) or not _ID.fullmatch(step.get("id", "a")):
        yield f"{where}: the id isn't one."
    yield from availability.of_env(step, where, f"{OF_STEP} secrets")
    yield from availability.faults(step.get("if"), f"{where}, if", OF_STEP, is_if=True)
    for key in ("run", "with", "name", "working-directory", "continue-on-error"):
        yield from availability.faults(step.get(key), f"{where}, {key}", f"{OF_STEP} secrets")
    repeated = step.get("continue-on-error", False)
    if not isinstance(repeated, bool) and "${{" not in str(repeated):
        yield f"{where}: continue-on-error should be true or false."


def _permissions(holder: Mapping[str, Any], where: str) -> Iterator[str]:
    asked = holder.get("permissions") or {}
    if isinstance(asked, str):
        if asked not in ("read-all", "write-all"):
            yield f"{where}: permissions {asked[:40]!r} is neither read-all nor write-all."
    elif not isinstance(asked, dict):
        yield f"{where}: permissions should be a mapping."
    else:
        for scope, level in asked.items():
            if scope not in SCOPES:
                yield f"{where}: there is no permission called {str(scope)[:40]!r}."
            elif level not in ("read", "write", "none"):
                yield f"{where}: permissions, {scope} should be read, write or none."


def _defaults(holder: Mapping[str, Any], where: str) -> Iterator[str]:
    defaults = holder.get("defaults")
    if defaults is None:
        return
    if not isinstance(defaults, dict):
        yield f"{where}: defaults should be a mapping with run."
        return
    yield from events.unknown_keys(defaults, frozenset({"run"}), f"{where}, defaults")
    run = defaults.get("run")
    if not isinstance(run, dict):
        if run is not None:
            yield f"{where}: defaults, run should be a mapping with shell or working-directory."
        return
    yield from events.unknown_keys(run, _DEFAULTS, f"{where}, defaults, run")
    for key, value in run.items():
        if not isinstance(value, str):
            yield f"{where}: defaults, run, {str(key)[:40]} should be text."
