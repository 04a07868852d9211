"""A workflow file as jobs and steps. It has passed ``schema`` by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Permissions = Mapping[str, str] | str | None
"""Scopes by name; ``read-all`` or ``write-all``; None where nothing is declared."""


@dataclass(frozen=True, eq=False)
class Step:
    """One step. ``label`` is what GitHub shows; ``lines`` are its first and last line."""

    job: str
    number: int
    id: str
    label: str
    uses: str
    run: str
    shell: str
    condition: Any
    continue_on_error: Any
    inputs: Mapping[str, Any]
    env: Mapping[str, Any]
    folder: str
    lines: tuple[int, int]

    @property
    def action(self) -> str:
        """The action without its version, in lower case."""
        return self.uses.partition("@")[0].lower()

    def __str__(self) -> str:
        return f"job {self.job}, step {self.number} ({self.label}), line {self.lines[0]}"


@dataclass(frozen=True)
class Job:
    """One job. ``permissions`` are its own or else the workflow's."""

    id: str
    needs: tuple[str, ...]
    condition: Any
    steps: tuple[Step, ...]
    env: Mapping[str, Any]
    outputs: Mapping[str, Any]
    permissions: Permissions
    matrix: Any
    continue_on_error: Any
    images: tuple[str, ...]
    """The images of its container and services."""
    services: tuple[str, ...]
    line: int
    runs_on: Any = None
    uses: str = ""
    """The workflow that it calls, instead of having steps."""


@dataclass(frozen=True)
class Workflow:
    """The file: ``triggers`` by event, jobs in an order in which their needs come first."""

    file: str
    text: str
    triggers: Mapping[str, Any]
    env: Mapping[str, Any]
    permissions: Permissions
    jobs: Mapping[str, Job]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for job in self.jobs.values() for step in job.steps)


def build(
    found: Mapping[str, Any],
    text: str,
    file: str,
    lines: Mapping[tuple[str | int, ...], tuple[int, int]],
    order: tuple[str, ...],
) -> Workflow:
    """Put together what the file holds. ``order`` has every job after the jobs it needs."""
    return Workflow(
        file,
        text,
        triggers(found["on"]),
        found.get("env") or {},
        permissions(found),
        {name: _job(name, found, lines) for name in order},
    )


def triggers(asked: Any) -> dict[str, Any]:
    """``on`` in its three forms."""
    if isinstance(asked, str):
        return {asked: None}
    return dict.fromkeys(asked) if isinstance(asked, list) else dict(asked)


def needs(job: Mapping[str, Any]) -> tuple[str, ...]:
    asked = job.get("needs") or ()
    return (asked,) if isinstance(asked, str) else tuple(asked)


def permissions(holder: Mapping[str, Any]) -> Permissions:
    if "permissions" not in holder:
        return None
    asked = holder["permissions"]
    return asked if isinstance(asked, str) else dict(asked or {})


def _job(
    name: str,
    found: Mapping[str, Any],
    lines: Mapping[tuple[str | int, ...], tuple[int, int]],
) -> Job:
    job = found["jobs"][name]
    strategy = job.get("strategy")
    shell = _shell(job) or _shell(found)
    own = permissions(job)
    services = job.get("services")
    services = services if isinstance(services, dict) else {}
    return Job(
        name,
        needs(job),
        job.get("if"),
        tuple(
            _step(name, number, step, shell, lines[("jobs", name, "steps", number - 1)])
            for number, step in enumerate(job.get("steps") or (), 1)
        ),
        job.get("env") or {},
        job.get("outputs") or {},
        permissions(found) if own is None else own,
        strategy.get("matrix") if isinstance(strategy, dict) else None,
        job.get("continue-on-error", False),
        tuple(filter(None, map(_image, [job.get("container"), *services.values()]))),
        tuple(services),
        lines[("jobs", name)][0] - 1,
        job.get("runs-on"),
        str(job.get("uses") or ""),
    )


def _image(holder: Any) -> str:
    return str(holder.get("image") or "") if isinstance(holder, dict) else str(holder or "")


def _shell(holder: Mapping[str, Any]) -> str:
    return str(((holder.get("defaults") or {}).get("run") or {}).get("shell") or "")


def _step(
    job: str, number: int, step: Mapping[str, Any], shell: str, lines: tuple[int, int]
) -> Step:
    uses, run = str(step.get("uses") or ""), str(step.get("run") or "")
    first = next(iter(run.strip().splitlines()), "")
    return Step(
        job,
        number,
        str(step.get("id") or ""),
        str(step.get("name") or uses.partition("@")[0] or first)[:60],
        uses,
        run,
        str(step.get("shell") or shell),
        step.get("if"),
        step.get("continue-on-error", False),
        {str(key).lower(): value for key, value in (step.get("with") or {}).items()},
        step.get("env") or {},
        str(step.get("working-directory") or ""),
        lines,
    )
