"""Workflows followed in tests, on one stage for a process."""

from __future__ import annotations

import functools
from contextlib import ExitStack

from grader import workflow as workflows
from grader.engine import client
from grader.engine.session import Session
from grader.workflow.machine import Failing
from grader.workflow.model import Workflow
from grader.workflow.rehearsal import Rehearsal
from grader.workflow.run import Run, Runs
from grader.workflow.trigger import Event

OPEN = ExitStack()
"""Closed by ``conftest`` when a process's tests are over."""


@functools.cache
def rehearsal() -> Rehearsal:
    return OPEN.enter_context(Rehearsal(OPEN.enter_context(Session(client.connect()))))


def tell(workflow: Workflow, event: Event, failing: Failing) -> tuple[Run, ...]:
    """Every way the run may go."""
    return Runs(workflow, rehearsal(), workflows.given_files()).tell(event, failing)
