"""One run of a workflow for one event: jobs in their order, steps in theirs, and what came of it.

Where something decides that only a run on GitHub would know, the run is told once for each answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.stage import Script, file
from grader.verdict.outcome import NotInLab
from grader.workflow import hosted, matrix, scenario, unknown
from grader.workflow.evaluate import Open, Scope
from grader.workflow.job import Leg, Outputs, Told
from grader.workflow.lexer import ExpressionError
from grader.workflow.machine import Doing, Effect, Failing, Work, World
from grader.workflow.model import Job, Workflow
from grader.workflow.rehearsal import Rehearsal
from grader.workflow.trigger import Event, starts

MAX_RUNS = 32
_READ = 'for f in ???; do bash -n "$f" 2>&1 | head -n 1; done; true'


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


class Runs:
    """All runs of one workflow, each told once. ``repository`` is what its commit holds."""

    def __init__(
        self, workflow: Workflow, rehearsal: Rehearsal, repository: Mapping[str, str]
    ) -> None:
        self.workflow = workflow
        self.rehearsal = rehearsal
        self._repository = repository
        self._told: dict[tuple[str, Failing], tuple[Run, ...]] = {}
        self._regardless: tuple[Run, ...] = ()

    def tell(self, event: Event, failing: Failing) -> tuple[Run, ...]:
        """Every way the run may go; none where the event doesn't start it. Raises NotInLab when
        there are too many."""
        key = (event.title, failing)
        if key not in self._told:
            self._told[key] = self._tell(event, failing)
        return self._told[key]

    def unreadable(self) -> tuple[str, ...]:
        """What bash can't even read of the steps' scripts, a sentence each."""
        steps = [
            step
            for step in self.workflow.steps
            if step.run and (step.shell.split() or ["bash"])[0] in ("bash", "sh")
        ]
        files = {
            f"/tmp/{number:03}": file(re.sub(r"\$\{\{.*?\}\}", "x", step.run, flags=re.S).encode())  # noqa: S108
            for number, step in enumerate(steps)
        }
        script = Script(_READ, ("bash", "{0}"), {}, "/tmp", files)  # noqa: S108 (of the stage)
        printed = self.rehearsal.look(script).printed
        return tuple(
            f"{steps[int(number)]}: bash can't read the script: {why}"
            for number, why in re.findall(r"^(\d{3}): (.*)", printed, re.M)
        )

    def regardless(self) -> tuple[Run, ...]:
        """A push to main in which every step runs, whatever its conditions say and what fails: for
        what a step does that no scenario comes to."""
        if not self._regardless:
            self._regardless = self._tell(scenario.PUSH, Failing(), regardless=True)
        return self._regardless

    def doings(self) -> list[Doing]:
        """The programs that steps start when all of them run."""
        return [each for run in self.regardless() for told in run.told for each in told.doings]

    def _tell(self, event: Event, failing: Failing, *, regardless: bool = False) -> tuple[Run, ...]:
        if not regardless and not starts(self.workflow.triggers, event, scenario.CHANGED):
            return ()
        found: list[Run] = []
        work = Work()
        files = scenario.repository(self._repository, self.workflow.text, failing)
        waiting: list[dict[str, bool]] = [{}]
        while waiting:
            known = waiting.pop()
            asked = dict(known)

            def choose(question: str, asked: dict[str, bool] = asked) -> bool:
                return asked.setdefault(unknown.shown(question), True)

            world = World(failing, choose, event, work, files, regardless)
            found.append(_Telling(self.workflow, world, self.rehearsal).tell(asked))
            fresh = [question for question in asked if question not in known]
            for index, question in enumerate(fresh):
                waiting.append({**known, **dict.fromkeys(fresh[:index], True), question: False})
            if regardless:
                return tuple(found)
            if len(found) + len(waiting) > MAX_RUNS:
                raise NotInLab(
                    "This workflow depends on too much that only GitHub would know, such as "
                    f"whether {next(iter(asked))}. Nothing was scored."
                )
        return tuple(found)


class _Telling:
    def __init__(self, workflow: Workflow, world: World, rehearsal: Rehearsal) -> None:
        self.workflow = workflow
        self.world = world
        self.rehearsal = rehearsal
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
            "runner": {
                "os": "Linux",
                "arch": "X64",
                "temp": "/home/runner/work/_temp",
                "name": "runner",
            },
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

    def _call(self, job: Job) -> None:
        """A workflow of another repository: taken to succeed, and to do nobody knows what."""
        self.world.unfamiliar.add(job.uses)
        self.results[job.id] = "success"
        self.outputs[job.id] = Open(f"needs.{job.id}.outputs", unknown.ANY)

    def _labels(self, job: Job, contexts: dict[str, Any], leg: Mapping[str, Any]) -> Any:
        scope = Scope({**contexts, "matrix": leg}, self.choose)
        if isinstance(job.runs_on, list):
            return [scope.whole(each) for each in job.runs_on]
        return scope.whole(job.runs_on)

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
        leg = Leg(self.workflow, job, self.world, self.rehearsal, contexts, self.told)
        try:
            if not (self.world.regardless or scope.holds(job.condition)):
                self.results[job.id] = "skipped"
                return
            if job.uses:
                self._call(job)
                return
            legs = matrix.legs(scope, job.matrix)
            labels = [self._labels(job, contexts, each) for each in legs]
            if absent := next(filter(None, map(hosted.absent, labels)), ""):
                raise ExpressionError(absent)
        except ExpressionError as error:
            self.results[job.id] = "failure"
            if job.steps:
                leg.refuse(job.steps[0], f"the job can't start: {error}")
            return
        results = set()
        for each in legs:
            leg.contexts = {**contexts, "matrix": each}
            result, outputs = leg.run()
            results.add(result)
            self.outputs[job.id] = {**self.outputs.get(job.id, {}), **outputs}
        self.results[job.id] = "failure" if "failure" in results else "success"


class _Secrets(Open):
    """A pull request from a fork is given none but a token that can only read."""

    def __init__(self, event: Event) -> None:
        super().__init__("secrets", unknown.SOME)
        self.withheld = event.is_fork and event.name == "pull_request"

    def look_up(self, key: str) -> str:
        is_token = key.upper() == "GITHUB_TOKEN"
        return "" if self.withheld and not is_token else super().look_up(key.upper())
