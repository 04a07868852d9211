"""One run of a workflow for one event: jobs in their order, steps in theirs, and what came of it.

Where something decides that only a run on GitHub would know, the run is told once for each answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from grader.verdict.outcome import NotInLab
from grader.workflow import action, matrix, scenario, unknown
from grader.workflow.command import perform
from grader.workflow.evaluate import Open, Scope
from grader.workflow.expression import ExpressionError
from grader.workflow.machine import Effect, Failing, File, Machine, Work, World
from grader.workflow.model import Job, Step, Workflow
from grader.workflow.script import Script
from grader.workflow.shell import ShellError
from grader.workflow.trigger import Event, starts
from grader.workflow.value import as_text

MAX_RUNS = 32

Outputs = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """What one step did: ``outcome`` before and ``went`` after continue-on-error."""

    step: Step
    outcome: str
    reason: str
    notes: tuple[str, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True)
class Run:
    """One way in which a run may go. ``assumed`` is what was taken for granted on this way."""

    event: Event
    failing: Failing
    told: tuple[Told, ...]
    results: Mapping[str, str]
    effects: tuple[Effect, ...]
    unfamiliar: frozenset[str]
    assumed: Mapping[str, bool]

    def of(self, *kinds: str) -> tuple[Effect, ...]:
        return tuple(effect for effect in self.effects if effect.kind in kinds)


def tell(workflow: Workflow, event: Event, failing: Failing) -> tuple[Run, ...]:
    """Every way the run may go; none where the event doesn't start it. Raises NotInLab when there
    are too many."""
    if not starts(workflow.triggers, event, scenario.CHANGED):
        return ()
    found: list[Run] = []
    work = Work()
    waiting: list[dict[str, bool]] = [{}]
    while waiting:
        known = waiting.pop()
        asked = dict(known)

        def choose(question: str, asked: dict[str, bool] = asked) -> bool:
            return asked.setdefault(unknown.shown(question), True)

        found.append(_Telling(workflow, World(failing, choose, event, work)).tell(asked))
        fresh = [question for question in asked if question not in known]
        for index, question in enumerate(fresh):
            waiting.append({**known, **dict.fromkeys(fresh[:index], True), question: False})
        if len(found) + len(waiting) > MAX_RUNS:
            raise NotInLab(
                "This workflow depends on too much that only GitHub would know, such as "
                f"whether {next(iter(asked))}. Nothing was scored."
            )
    return tuple(found)


class _Telling:
    def __init__(self, workflow: Workflow, world: World) -> None:
        self.workflow = workflow
        self.world = world
        self.event = world.event
        self.choose = world.choose
        self.results: dict[str, str] = {}
        self.outputs: dict[str, Outputs] = {}
        self.told: list[Told] = []

    def tell(self, assumed: Mapping[str, bool]) -> Run:
        for job in self.workflow.jobs.values():
            self._job(job)
        return Run(
            self.event,
            self.world.failing,
            tuple(self.told),
            self.results,
            tuple(self.world.effects),
            frozenset(self.world.unfamiliar),
            assumed,
        )

    def contexts(self, job: Job) -> dict[str, Any]:
        return {
            "github": {**self.event.github, "job": job.id},
            "needs": {
                name: {"result": self.results[name], "outputs": self.outputs.get(name, {})}
                for name in job.needs
            },
            "vars": Open("vars", unknown.CHOSEN),
            "secrets": _Secrets(self.event),
            "inputs": self._inputs(),
            "runner": {"os": "Linux", "arch": "X64", "temp": "/home/runner/temp", "name": "runner"},
            "strategy": {"fail-fast": True, "job-index": 0.0, "job-total": 1.0},
            "matrix": {},
            "steps": {},
            "job": {"status": "success"},
            "env": {},
        }

    def _inputs(self) -> dict[str, Any]:
        settings = self.workflow.triggers.get(self.event.name) or {}
        asked = settings.get("inputs") if self.event.name == "workflow_dispatch" else None
        found = {}
        for name, each in (asked or {}).items():
            each = each if isinstance(each, dict) else {}
            if "default" in each:
                found[str(name)] = each["default"]
            else:
                boolean = each.get("type") == "boolean"
                found[str(name)] = False if boolean else unknown.mark(f"inputs.{name}")
        return found

    def _ancestors(self, job: Job) -> set[str]:
        found: set[str] = set()
        waiting = list(job.needs)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.workflow.jobs[name].needs
        return found

    def _job(self, job: Job) -> None:
        before = {self.results[name] for name in self._ancestors(job)}
        contexts = self.contexts(job)
        scope = Scope(contexts, self.choose, before <= {"success"}, "failure" in before)
        try:
            if not scope.holds(job.condition):
                self.results[job.id] = "skipped"
                return
            legs = matrix.legs(scope, job.matrix)
        except ExpressionError as error:
            self.results[job.id] = "failure"
            self._refuse(job.steps[0], f"the job can't start: {error}")
            return
        results = {self._leg(job, contexts, leg) for leg in legs}
        self.results[job.id] = "failure" if "failure" in results else "success"

    def _leg(self, job: Job, contexts: dict[str, Any], leg: Mapping[str, Any]) -> str:
        contexts = {**contexts, "matrix": leg}
        machine = Machine(self.world, job, job.steps[0], may_push=_may_push(job, self.event))
        env: dict[str, str] = {}
        went = True
        try:
            for holder in (self.workflow.env, job.env):
                env |= self._texts(Scope({**contexts, "env": env}, self.choose), holder)
        except ExpressionError as error:
            self._refuse(job.steps[0], f"the job can't start: {error}")
            return "failure"
        for step in job.steps:
            steps: dict[str, Any] = contexts["steps"]
            state = {**contexts, "env": env, "steps": steps, "job": {"status": _status(went)}}
            scope = Scope(state, self.choose, went, not went)
            outcome, outputs, excused = self._step(step, scope, machine, env)
            contexts = {**contexts, "steps": dict(steps)}
            if step.id:
                contexts["steps"][step.id] = {
                    "outcome": outcome,
                    "conclusion": "success" if excused and outcome == "failure" else outcome,
                    "outputs": outputs,
                }
            if outcome == "failure" and not excused:
                went = False
        for name in machine.images:
            self.world.lost.setdefault(name, f"it is on the runner of job {job.id}")
        scope = Scope({**contexts, "env": env}, self.choose)
        try:
            outputs = self._texts(scope, job.outputs)
            self.outputs[job.id] = {**self.outputs.get(job.id, {}), **outputs}
            went = went or scope.truth(scope.whole(job.continue_on_error))
        except ExpressionError as error:
            self._refuse(job.steps[-1], f"the job can't end: {error}")
            went = False
        return "success" if went else "failure"

    def _step(
        self, step: Step, scope: Scope, machine: Machine, env: dict[str, str]
    ) -> tuple[str, Outputs, bool]:
        """(outcome, outputs, whether a failure is excused)."""
        machine.step = step
        self.world.work.add()
        effects, notes = len(self.world.effects), len(self.world.notes)
        try:
            own = {**env, **self._texts(scope, step.env)}
            scope = replace(scope, contexts={**scope.contexts, "env": own})
            if not scope.holds(step.condition):
                reason = "its if is false" if step.condition else "a step before it failed"
                self._say(step, "skipped", reason, effects, notes)
                return "skipped", {}, False
            ran_anyway = not scope.succeeded
            excused = scope.truth(scope.whole(step.continue_on_error))
            if step.run:
                went, outputs = self._script(step, scope, machine, env, own)
            else:
                inputs = self._texts(scope, step.inputs)
                done = action.run(machine, step.action, inputs)
                went, outputs = done.went, done.outputs
        except ExpressionError as error:
            machine.note(f"an expression fails: {error}")
            went, outputs, excused, ran_anyway = False, {}, False, False
        except ShellError as error:
            raise NotInLab(
                f"The lab can't read the script of {step}: it {error}. Nothing was scored."
            ) from error
        except RecursionError as error:
            raise NotInLab(
                f"{step} nests its commands deeper than the lab can follow. Nothing was scored."
            ) from error
        outcome = "success" if went else "failure"
        reason = "though a step before it failed" if ran_anyway else ""
        if excused and not went:
            reason = "and continue-on-error excuses it"
        self._say(step, outcome, reason, effects, notes)
        known = Open(f"steps.{step.id or step.number}.outputs", unknown.ANY, outputs)
        is_open = step.uses and not outputs
        return outcome, known if is_open else outputs, excused

    def _script(
        self, step: Step, scope: Scope, machine: Machine, env: dict[str, str], own: dict[str, str]
    ) -> tuple[bool, dict[str, str]]:
        shell = step.shell.split() or ["bash", "-e"]
        if shell == ["bash"]:
            shell = ["bash", "-eo", "pipefail"]
        if shell == ["sh"]:
            shell = ["sh", "-e"]
        if shell[0].rpartition("/")[2] not in ("bash", "sh", "dash", "zsh"):
            machine.note(f"a script for {shell[0][:20]}, which the lab doesn't look into")
            return True, {}
        source = scope.text(step.run)
        machine.files["GITHUB_OUTPUT"], machine.files["GITHUB_ENV"] = File(), File()
        variables = _environment(self.event) | own
        flags = "".join(word for word in shell[1:] if word.startswith("-") and word[:2] != "--")
        script = Script(
            machine,
            variables,
            perform,
            stops_on_error="e" in flags,
            pipefail="pipefail" in shell,
        )
        went = script.run(source) == 0
        env |= _pairs(machine.files["GITHUB_ENV"].text)
        return went, _pairs(machine.files["GITHUB_OUTPUT"].text)

    def _texts(self, scope: Scope, holder: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        for key, value in holder.items():
            found[str(key)] = as_text(scope.whole(value))
            self.world.work.weigh(found[str(key)])
        return found

    def _refuse(self, step: Step, why: str) -> None:
        """A job fails around its steps: told with the step that stands nearest."""
        effects, notes = len(self.world.effects), len(self.world.notes)
        self.world.notes.append((step, why))
        self._say(step, "failure", "", effects, notes)

    def _say(self, step: Step, outcome: str, reason: str, effects: int, notes: int) -> None:
        self.told.append(
            Told(
                step,
                outcome,
                reason,
                tuple(text for _, text in self.world.notes[notes:]),
                tuple(self.world.effects[effects:]),
            )
        )


class _Secrets(Open):
    """A pull request from a fork is given none but a token that can only read."""

    def __init__(self, event: Event) -> None:
        super().__init__("secrets", unknown.SOME)
        self.withheld = event.is_fork and event.name == "pull_request"

    def look_up(self, key: str) -> str:
        is_token = key.upper() == "GITHUB_TOKEN"
        return "" if self.withheld and not is_token else super().look_up(key.upper())


def _may_push(job: Job, event: Event) -> bool:
    if event.is_fork and event.name == "pull_request":
        return False
    if isinstance(job.permissions, str):
        return job.permissions == "write-all"
    return job.permissions is None or job.permissions.get("packages") == "write"


def _status(went: bool) -> str:
    return "success" if went else "failure"


def _pairs(text: str) -> dict[str, str]:
    """What a script wrote into GITHUB_OUTPUT or GITHUB_ENV."""
    found: dict[str, str] = {}
    lines = text.splitlines()
    while lines:
        line = lines.pop(0)
        name, _, value = line.partition("=")
        start, sign, delimiter = line.partition("<<")
        if sign and "=" not in start:
            end = lines.index(delimiter) if delimiter in lines else len(lines)
            taken = lines[:end]
            del lines[: end + 1]
            found[start] = "\n".join(taken)
        elif name:
            found[name.strip()] = value
    return found


def _environment(event: Event) -> dict[str, str]:
    github = event.github
    names = (
        "sha ref ref_name ref_type head_ref base_ref event_name repository repository_owner actor "
        "run_id run_number run_attempt server_url workspace workflow"
    )
    found = {f"GITHUB_{name.upper()}": as_text(github.get(name)) for name in names.split()}
    found |= {f"GITHUB_{name}": f"/runner/GITHUB_{name}" for name in ("OUTPUT", "ENV", "PATH")}
    found |= {"GITHUB_STEP_SUMMARY": "/runner/summary", "RUNNER_TEMP": "/home/runner/temp"}
    return found | {"HOME": "/home/runner", "CI": "true", "PWD": str(github["workspace"])}
