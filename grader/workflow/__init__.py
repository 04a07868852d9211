"""A learner's GitHub workflow: read as data, and followed for events that could happen.

``read`` gives the jobs and steps, ``run.Runs`` tells what comes of an event. Jobs, conditions and
expressions are followed here; a step's script runs in a real shell on the stage, where stand-ins
ask back (``program``); of actions it is known what they do (``actions.toml``). The way of a step:
``run`` → ``job`` → ``step_script`` or ``action`` → ``rehearsal`` → the stage → ``program``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from grader.answer import document
from grader.engine import client
from grader.engine.session import Session
from grader.exercise import catalog
from grader.verdict.outcome import LearnerFault, NotInLab
from grader.verdict.report import Evidence
from grader.workflow import model, schema, unknown
from grader.workflow.lexer import ExpressionError
from grader.workflow.model import Workflow
from grader.workflow.rehearsal import Rehearsal
from grader.workflow.run import Runs

__all__ = [
    "FILE",
    "Runs",
    "Workflow",
    "action",
    "follow",
    "given_files",
    "leak",
    "machine",
    "model",
    "picture",
    "pin",
    "privilege",
    "read",
    "rehearsal",
    "run",
    "scenario",
    "trace",
    "trigger",
    "unknown",
]

FILE = ".github/workflows/docker-build.yml"
EXERCISE = "release_workflow"
SHOWN = 3


def read(text: str, file: str = FILE) -> Workflow:
    """Read a workflow that GitHub would accept. Raises LearnerFault or NotInLab."""
    found = document.load(text, file)
    if any(unknown.OPEN in each or unknown.CLOSE in each for each in (text, *_texts(found))):
        raise LearnerFault(f"{file} holds private characters that no workflow needs.")
    lines = document.lines(text)
    if any("<<" in path for path in lines):
        raise LearnerFault(f"{file} uses a merge key (<<), which GitHub doesn't read.")
    faults = list(dict.fromkeys(schema.faults(found)))
    try:
        order = () if faults else schema.order(found["jobs"])
    except ExpressionError as error:
        faults.append(str(error))
    if faults:
        more = f" ({len(faults) - SHOWN} more.)" if len(faults) > SHOWN else ""
        raise LearnerFault(
            f"GitHub wouldn't run this workflow: {' Also: '.join(faults[:SHOWN])}{more}",
            Evidence(
                f"cat -n {file}", "\n".join(faults), "a workflow that GitHub accepts", told=True
            ),
        )
    _check_ids(found["jobs"])
    _check_calls(found["jobs"])
    return model.build(found, text, file, lines, order)


@contextlib.contextmanager
def follow(workflow: Workflow, given: Mapping[str, str] | None = None) -> Iterator[Runs]:
    """The runs of a workflow, on a stage of their own. ``given`` is what the repository holds
    beside it. Raises EngineError and GraderError where there is no stage to be had."""
    files = given_files() if given is None else given
    with Session(client.connect()) as session, Rehearsal(session) as rehearsal:
        yield Runs(workflow, rehearsal, files)


def given_files() -> dict[str, str]:
    """What the exercise's repository holds beside the workflow."""
    exercise = catalog.find(EXERCISE)
    return {name: content.decode() for name, content in exercise.given.items()}


def _check_ids(jobs: Iterable[object]) -> None:
    """GitHub takes ``true:`` for a name, and YAML for a truth value."""
    for each in jobs:
        if not isinstance(each, str):
            raise NotInLab(
                f"The lab can't follow a job whose id is {str(each).lower()}; in quotes it is a "
                "name. Nothing was scored."
            )


def _check_calls(jobs: Mapping[str, Any]) -> None:
    """A workflow of the repository's own has to be there, and the answer is one file."""
    for name, job in jobs.items():
        if str(job.get("uses") or "").startswith("./"):
            raise LearnerFault(
                f"Job {name} calls {str(job['uses'])[:80]}, and the repository has no such "
                "workflow: GitHub starts nothing at all then."
            )


def _texts(value: Any) -> Iterator[str]:
    """All texts in the file: escapes hide characters that the file itself doesn't have."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(key)
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
