"""A learner's GitHub workflow, read as data and followed for events that could happen.

Nothing of it is run. ``read`` gives the jobs and steps; ``run.tell`` the effects of one event.
"""

from __future__ import annotations

from grader import document
from grader.outcome import LearnerFault
from grader.report import Evidence
from grader.workflow import model, schema, shell, unknown
from grader.workflow.expression import ExpressionError
from grader.workflow.model import Workflow

__all__ = ["Workflow", "read"]

FILE = ".github/workflows/docker-build.yml"
SHOWN = 3


def read(text: str, file: str = FILE) -> Workflow:
    """Read a workflow that GitHub would accept. Raises LearnerFault."""
    if unknown.OPEN in text or unknown.CLOSE in text:
        raise LearnerFault(f"{file} holds private characters that no workflow needs.")
    found = document.load(text, file)
    lines = document.lines(text)
    if any("<<" in path for path in lines):
        raise LearnerFault(f"{file} uses a merge key (<<), which GitHub doesn't read.")
    faults = list(dict.fromkeys(schema.faults(found)))
    try:
        order = () if faults else schema.order(found["jobs"])
    except ExpressionError as error:
        faults.append(str(error))
    if not faults:
        workflow = model.build(found, text, file, lines, order)
        faults += list(_scripts(workflow))
    if faults:
        more = f" ({len(faults) - SHOWN} more.)" if len(faults) > SHOWN else ""
        raise LearnerFault(
            f"GitHub wouldn't run this workflow: {' Also: '.join(faults[:SHOWN])}{more}",
            Evidence(f"cat -n {file}", "\n".join(faults), "a workflow that GitHub accepts"),
        )
    return workflow


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
