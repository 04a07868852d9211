"""A workflow as a picture: what each step does after the events that matter most.

For people; nothing is judged here.
"""

from __future__ import annotations

from grader import workflow as workflows
from grader.draw.grid import Cell, Row, outcome_grid
from grader.draw.picture import Picture
from grader.workflow import scenario
from grader.workflow.job import Told
from grader.workflow.machine import Effect, Failing
from grader.workflow.model import Step
from grader.workflow.run import Run

CASES = (
    (scenario.PUSH, Failing(), ("push to main:", "all is well")),
    (scenario.PUSH, Failing(tests=True), ("push to main:", "the tests fail")),
    (scenario.PUSH, Failing(finding="HIGH"), ("push to main:", "HIGH is found")),
    (scenario.REQUESTS[0], Failing(), ("pull request:", "all is well")),
)
_DOES = {"build": "makes", "test": "tests", "scan": "scans", "push": "pushes"}


def picture(text: str, title: str = "What each step does") -> Picture:
    """Follow a workflow for some events. Raises LearnerFault for one that GitHub wouldn't read,
    NotInLab for one that the lab can't follow, and EngineError."""
    workflow = workflows.read(text)
    with workflows.follow(workflow) as follows:
        # Where GitHub alone would know how it goes, the first way stands for all.
        runs = [next(iter(follows.tell(event, failing)), None) for event, failing, _ in CASES]
    rows = []
    for job in workflow.jobs.values():
        rows.append(Row(f"job {job.id}"))
        rows += [Row(step.label, [_cell(run, step) for run in runs]) for step in job.steps]
    return outcome_grid(title, [words for _, _, words in CASES], rows)


def _cell(run: Run | None, step: Step) -> Cell:
    if run is None:
        return Cell("")
    told = [each for each in run.told if each.step == step]
    if not told or all(each.outcome == "skipped" for each in told):
        return Cell("left out")
    last = told[-1]
    effects = [effect for each in told for effect in each.effects]
    loud = any(effect.kind in ("push", "candidate") for effect in effects)
    return Cell("failed" if last.outcome == "failure" else "went", _said(last, effects), loud)


def _said(told: Told, effects: list[Effect]) -> str:
    said = [_effect(effect) for effect in effects if effect.kind != "build"] or [
        _effect(effect) for effect in effects
    ]
    if said:
        return said[-1]
    return "excused" if "excuses" in told.reason else ""


def _effect(effect: Effect) -> str:
    builds = ", ".join(str(build.number) for build in sorted(effect.image, key=lambda b: b.number))
    does = _DOES.get(effect.kind, "pushes a candidate")
    return f"{does} build {builds}" if builds else does
