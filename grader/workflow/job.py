"""One job of a run: its steps on a runner, one after another, and what they put out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from grader.verdict.outcome import NotInLab
from grader.workflow import action, step_script, unknown
from grader.workflow.evaluate import Open, Scope
from grader.workflow.lexer import ExpressionError
from grader.workflow.machine import Doing, Effect, Machine, World
from grader.workflow.model import Job, Step, Workflow
from grader.workflow.rehearsal import Rehearsal
from grader.workflow.trigger import Event
from grader.workflow.value import as_text

Outputs = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """What one step did: ``outcome`` before and ``reason`` after continue-on-error. ``printed``
    and ``trace`` are the stage's own words, without marks."""

    step: Step
    outcome: str
    reason: str
    notes: tuple[str, ...]
    effects: tuple[Effect, ...]
    doings: tuple[Doing, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    printed: str = ""
    trace: str = ""


@dataclass
class Leg:
    """One job of a run, or one of its matrix."""

    workflow: Workflow
    job: Job
    world: World
    rehearsal: Rehearsal
    contexts: dict[str, Any]
    told: list[Told]

    def run(self) -> tuple[str, dict[str, str]]:
        """(result, outputs of the job)."""
        world, job = self.world, self.job
        machine = Machine(world, job, job.steps[0], may_push=_may_push(job, world.event))
        machine.files = dict(step_script.FOLDERS)
        env: dict[str, str] = {}
        contexts, went = self.contexts, True
        try:
            for holder in (self.workflow.env, job.env):
                env |= self._texts(Scope({**contexts, "env": env}, world.choose), holder)
        except ExpressionError as error:
            self.refuse(job.steps[0], f"the job can't start: {error}")
            return "failure", {}
        for step in job.steps:
            status = "success" if went else "failure"
            state = {**contexts, "env": env, "job": {"status": status}}
            scope = Scope(state, world.choose, went, not went)
            outcome, outputs, excused = self._step(step, scope, machine, env)
            contexts = {**contexts, "steps": dict(contexts["steps"])}
            if step.id:
                contexts["steps"][step.id] = {
                    "outcome": outcome,
                    "conclusion": "success" if excused and outcome == "failure" else outcome,
                    "outputs": outputs,
                }
            if outcome == "failure" and not excused:
                went = False
        for name in machine.images:
            world.lost.setdefault(name, f"it is on the runner of job {job.id}")
        scope = Scope({**contexts, "env": env}, world.choose)
        try:
            found = self._texts(scope, job.outputs)
            went = went or scope.truth(scope.whole(job.continue_on_error))
        except ExpressionError as error:
            self.refuse(job.steps[-1], f"the job can't end: {error}")
            return "failure", {}
        return "success" if went else "failure", found

    def _step(
        self, step: Step, scope: Scope, machine: Machine, env: dict[str, str]
    ) -> tuple[str, Outputs, bool]:
        """(outcome, outputs, whether a failure is excused)."""
        world = self.world
        machine.step = step
        world.work.add()
        began = (len(world.effects), len(world.notes), len(world.doings))
        done, excused, ran_anyway = action.Done(False), False, False
        try:
            own = {**env, **self._texts(scope, step.env)}
            scope = replace(scope, contexts={**scope.contexts, "env": own})
            if not (world.regardless or scope.holds(step.condition)):
                reason = "its if is false" if step.condition else "a step before it failed"
                self._say(step, "skipped", reason, began)
                return "skipped", {}, False
            ran_anyway = not scope.succeeded
            excused = scope.truth(scope.whole(step.continue_on_error))
            done = self._do(step, scope, machine, own)
            env |= done.environment
        except ExpressionError as error:
            machine.note(f"an expression fails: {error}")
            excused = ran_anyway = False
        except RecursionError as error:
            raise NotInLab(
                f"{step} nests its expressions deeper than the lab can follow. Nothing was scored."
            ) from error
        outcome = "success" if done.went else "failure"
        reason = "though a step before it failed" if ran_anyway else ""
        if excused and not done.went:
            reason = "and continue-on-error excuses it"
        self._say(step, outcome, reason, began, done)
        known = Open(f"steps.{step.id or step.number}.outputs", unknown.ANY, done.outputs)
        is_open = step.uses and not done.outputs
        return outcome, known if is_open else done.outputs, excused

    def _do(self, step: Step, scope: Scope, machine: Machine, own: dict[str, str]) -> action.Done:
        variables = step_script.environment(self.world.event, self.job.id) | own
        source, inputs = "", {}
        if step.run:
            source = scope.text(step.run)
            folder = step_script.step_folder(step, scope.text(step.folder))
        else:
            inputs = self._texts(scope, step.inputs)
            found = action.run(machine, step.action, inputs, variables)
            if isinstance(found, action.Done):
                return replace(found, inputs=inputs)
            source, folder = found.text, step_script.WORKSPACE
            variables |= found.environment
        came = step_script.run(self.rehearsal, machine, source, variables, folder)
        return action.Done(
            came.went, dict(came.outputs), came.environment, inputs, came.printed, came.trace
        )

    def _texts(self, scope: Scope, holder: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        for key, value in holder.items():
            found[str(key)] = as_text(scope.whole(value))
            self.world.work.weigh(found[str(key)])
        return found

    def refuse(self, step: Step, why: str) -> None:
        """A job fails around its steps: told with the step that stands nearest."""
        began = (len(self.world.effects), len(self.world.notes), len(self.world.doings))
        self.world.notes.append((step, why))
        self._say(step, "failure", "", began)

    def _say(
        self,
        step: Step,
        outcome: str,
        reason: str,
        began: tuple[int, int, int],
        done: action.Done | None = None,
    ) -> None:
        done = done or action.Done()
        self.told.append(
            Told(
                step,
                outcome,
                reason,
                tuple(text for _, text in self.world.notes[began[1] :]),
                tuple(self.world.effects[began[0] :]),
                tuple(self.world.doings[began[2] :]),
                done.inputs,
                done.printed,
                done.trace,
            )
        )


def _may_push(job: Job, event: Event) -> bool:
    if event.is_fork and event.name == "pull_request":
        return False
    if isinstance(job.permissions, str):
        return job.permissions == "write-all"
    return job.permissions is None or job.permissions.get("packages") == "write"
