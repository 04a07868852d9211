"""Whether GitHub would accept a workflow file: its keys, their types, needs and expressions.

The keys are those of https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
as of 2026, the contexts those of its table "context availability".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from grader.workflow import expression, model, option
from grader.workflow.evaluate import FUNCTIONS, STATUS
from grader.workflow.expression import Call, Expression, ExpressionError, Name

EVENTS = option.words(
    "branch_protection_rule check_run check_suite create delete deployment deployment_status "
    "discussion discussion_comment fork gollum image_version issue_comment issues label "
    "merge_group milestone page_build project project_card project_column public pull_request "
    "pull_request_comment pull_request_review pull_request_review_comment pull_request_target push "
    "registry_package release repository_dispatch schedule status watch workflow_call "
    "workflow_dispatch workflow_run"
)
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
_FILTERS = option.words(
    "branches branches-ignore tags tags-ignore paths paths-ignore types workflows inputs outputs "
    "secrets cron"
)
_OF_JOB = "github needs strategy matrix vars inputs"
_OF_STEP = f"{_OF_JOB} job runner env steps"
_DEFAULTS = option.words("shell working-directory")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_USES = re.compile(r"\./.+|docker://.+|[\w.-]+/[\w.-]+(/[\w./-]+)?@[^\s@]+")
MAX_STEPS = 200
MAX_MATRIX = 256
"""GitHub's own bound on the jobs of one matrix."""


def faults(found: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the file, a sentence each, worst first."""
    yield from _keys(found, _TOP, "the file")
    if "on" not in found:
        yield "it has no on: nothing would ever start it."
    else:
        yield from _triggers(found["on"])
    yield from _permissions(found, "the file")
    yield from _defaults(found, "the file")
    yield from _env(found, "the file", "github secrets inputs vars")
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


def _keys(holder: Mapping[Any, Any], known: frozenset[str], where: str) -> Iterator[str]:
    for key in holder:
        if not isinstance(key, str):
            yield f"{where}: the key {str(key)[:40]!r} isn't text."
        elif key not in known:
            yield f"{where} has a key {key[:40]!r} that GitHub doesn't know there."


def _triggers(asked: Any) -> Iterator[str]:
    if not isinstance(asked, (str, list, dict)) or not asked:
        yield "on should name an event, a list of events or a mapping of them."
        return
    if isinstance(asked, list) and not all(isinstance(each, str) for each in asked):
        yield "on is a list of something else than names of events."
        return
    for event, settings in model.triggers(asked).items():
        if event not in EVENTS:
            yield f"on names an event {str(event)[:40]!r}; there is none of that name."
            continue
        if event == "schedule":
            if not isinstance(settings, list):
                yield "on: schedule should be a list of cron lines."
            continue
        if settings is None:
            continue
        if not isinstance(settings, dict):
            yield f"on: {event} should be a mapping of filters, or empty."
            continue
        yield from _keys(settings, _FILTERS, f"on: {event}")
        yield from _declared(settings, f"on: {event}")
        for one in ("branches", "tags", "paths"):
            if one in settings and f"{one}-ignore" in settings:
                yield f"on: {event} has both {one} and {one}-ignore; GitHub takes one of them."
        for key in set(settings) & (_FILTERS - {"inputs", "outputs", "secrets"}):
            patterns = settings[key] if isinstance(settings[key], list) else [settings[key]]
            if not all(isinstance(each, (str, int, float)) for each in patterns):
                yield f"on: {event}: {key} should be a list of patterns."


def _declared(settings: Mapping[str, Any], where: str) -> Iterator[str]:
    """The inputs, outputs and secrets that a start by hand or by another workflow has."""
    for key in ("inputs", "outputs", "secrets"):
        declared = settings.get(key)
        if declared is None:
            continue
        if not isinstance(declared, dict):
            yield f"{where}: {key} should be a mapping of names."
            continue
        for name, each in declared.items():
            if each is not None and not isinstance(each, dict):
                yield f"{where}: {key}, {str(name)[:40]} should be a mapping, or empty."


def _job(name: str, job: Any, jobs: Mapping[str, Any]) -> Iterator[str]:
    where = f"job {name[:40]}"
    if not _ID.fullmatch(name):
        yield f"{where}: an id has letters, digits, - and _ only and starts with a letter."
    if not isinstance(job, dict):
        yield f"{where} should be a mapping."
        return
    yield from _keys(job, _JOB, where)
    if "uses" in job:
        if str(job["uses"]).startswith("./"):
            yield f"{where} calls {job['uses']!s:.60}, and the repository has no such workflow."
        return
    if "runs-on" not in job:
        yield f"{where} has no runs-on: no machine would take it."
    needed = job.get("needs")
    many = needed if isinstance(needed, list) else [] if needed is None else [needed]
    for each in many:
        if not isinstance(each, str) or each not in jobs:
            yield f"{where} needs {str(each)[:40]!r}, and there is no such job."
    yield from _permissions(job, where)
    yield from _env(job, where, f"{_OF_JOB} secrets")
    yield from _expressions(job.get("if"), f"{where}, if", "github needs vars inputs", is_if=True)
    for key, contexts in {
        "runs-on": _OF_JOB,
        "strategy": "github needs vars inputs",
        "outputs": f"{_OF_STEP} secrets",
        "continue-on-error": _OF_JOB,
        "environment": f"{_OF_STEP} secrets",
        "container": f"{_OF_JOB} env secrets",
        "services": f"{_OF_JOB} env secrets",
    }.items():
        yield from _expressions(job.get(key), f"{where}, {key}", contexts)
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
    yield from _keys(step, _STEP, where)
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
    yield from _env(step, where, f"{_OF_STEP} secrets")
    yield from _expressions(step.get("if"), f"{where}, if", _OF_STEP, is_if=True)
    for key in ("run", "with", "name", "working-directory", "continue-on-error"):
        yield from _expressions(step.get(key), f"{where}, {key}", f"{_OF_STEP} secrets")
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
    yield from _keys(defaults, frozenset({"run"}), f"{where}, defaults")
    run = defaults.get("run")
    if not isinstance(run, dict):
        if run is not None:
            yield f"{where}: defaults, run should be a mapping with shell or working-directory."
        return
    yield from _keys(run, _DEFAULTS, f"{where}, defaults, run")
    for key, value in run.items():
        if not isinstance(value, str):
            yield f"{where}: defaults, run, {str(key)[:40]} should be text."


def _env(holder: Mapping[str, Any], where: str, contexts: str) -> Iterator[str]:
    env = holder.get("env")
    if isinstance(env, dict):
        for key, value in env.items():
            if isinstance(value, (dict, list)):
                yield f"{where}: env, {str(key)[:40]} should be one value."
    elif env is not None:
        yield f"{where}: env should be a mapping."
    yield from _expressions(env, f"{where}, env", contexts)


def _expressions(value: Any, where: str, contexts: str, *, is_if: bool = False) -> Iterator[str]:
    """Judge every expression within a value."""
    if isinstance(value, dict):
        if is_if:
            yield f"{where} should be one condition."
        for each in value.values():
            yield from _expressions(each, where, contexts)
    elif isinstance(value, list):
        if is_if:
            yield f"{where} should be one condition."
        for each in value:
            yield from _expressions(each, where, contexts)
    elif isinstance(value, str):
        try:
            pieces: list[str | Expression] = []
            if value:
                pieces = [expression.condition(value)] if is_if else expression.template(value)
            for piece in pieces:
                if not isinstance(piece, str):
                    _judge(piece, frozenset(contexts.split()), is_if)
        except ExpressionError as error:
            yield f"{where}: {value.strip()[:80]!r} is no expression: {error}."


def _judge(piece: Expression, contexts: frozenset[str], is_if: bool) -> None:
    """Raises ExpressionError for names and functions that aren't there."""
    for part in expression.walk(piece):
        if isinstance(part, Name) and part.name.lower() not in contexts:
            raise ExpressionError(f"{part.name!r} isn't available there")
        if isinstance(part, Call):
            function = part.function.lower()
            least, most = FUNCTIONS.get(function, (-1, -1))
            if least < 0:
                raise ExpressionError(f"there is no function {part.function}()")
            if not least <= len(part.arguments) <= most:
                raise ExpressionError(f"{part.function}() takes another number of values")
            if function in STATUS and not is_if:
                raise ExpressionError(f"{part.function}() is for if only")
