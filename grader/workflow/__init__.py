"""A learner's GitHub workflow, read as data and followed for events that could happen.

Nothing of it is run. ``read`` gives the jobs and steps; ``run.tell`` the effects of one event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from grader.answer import document
from grader.verdict.outcome import LearnerFault, NotInLab
from grader.verdict.report import Evidence
from grader.workflow import model, schema, shell, unknown
from grader.workflow.expression import ExpressionError
from grader.workflow.model import Workflow

__all__ = [
    "FILE",
    "Workflow",
    "action",
    "leak",
    "machine",
    "model",
    "picture",
    "pin",
    "privilege",
    "read",
    "run",
    "scenario",
    "trace",
    "trigger",
    "unknown",
]

FILE = ".github/workflows/docker-build.yml"
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
    if not faults:
        _check_ids(found["jobs"])
        workflow = model.build(found, text, file, lines, order)
        faults += list(_scripts(workflow))
    if faults:
        more = f" ({len(faults) - SHOWN} more.)" if len(faults) > SHOWN else ""
        raise LearnerFault(
            f"GitHub wouldn't run this workflow: {' Also: '.join(faults[:SHOWN])}{more}",
            Evidence(f"cat -n {file}", "\n".join(faults), "a workflow that GitHub accepts"),
        )
    return workflow


def _check_ids(jobs: Iterable[object]) -> None:
    """GitHub takes ``true:`` for a name, and YAML for a truth value."""
    for each in jobs:
        if not isinstance(each, str):
            raise NotInLab(
                f"The lab can't follow a job whose id is {str(each).lower()}; in quotes it is a "
                "name. Nothing was scored."
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


def _scripts(workflow: Workflow) -> list[str]:
    """Scripts that no shell would start."""
    found = []
    for step in workflow.steps:
        if step.run and (step.shell.split() or ["bash"])[0] in ("bash", "sh"):
            try:
                shell.parse(step.run)
            except shell.ShellError as error:
                if "never" in str(error) or "lacks" in str(error):
                    found.append(f"{step}: the script {error}.")
    return found
