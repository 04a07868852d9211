"""What the runs of a release workflow push, of all the runs that an event may come to.

Where the verdict would depend on what only GitHub knows, nothing
is scored. Which rule belongs to which check isn't known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from grader import workflow as workflows
from grader.probe.bench import Bench
from grader.verdict.outcome import LearnerFault, NotInLab
from grader.verdict.report import Evidence
from grader.workflow import scenario, trace, unknown
from grader.workflow.action import TELLING
from grader.workflow.machine import Doing, Effect, Failing, Image
from grader.workflow.run import Run, Runs
from grader.workflow.trigger import Event

FILE = workflows.FILE
GREEN = Failing()
PUSHES = ("push", "candidate")
FINDINGS = (Failing(finding="CRITICAL"), Failing(finding="HIGH"))
SHOWN = 3


def assert_none(problems: Sequence[str]) -> None:
    """No problem was found; the first of them are told."""
    more = f" ({len(problems) - SHOWN} more.)" if len(problems) > SHOWN else ""
    assert not problems, " ".join(problems[:SHOWN]) + more


def assert_released(follows: Runs, bench: Bench) -> None:
    """A push to main ends with a push to the registry when all is well. Raises NotInLab."""
    runs = follows.tell(scenario.PUSH, GREEN)
    assert runs, "A push to main doesn't start this workflow; look at its on."
    bench.record(trace.evidence(runs[0], FILE))
    idle = _decided(runs, [run for run in runs if not run.of("push")])
    if idle is None:
        return
    strangers = [
        name
        for name in idle.unfamiliar
        if name.startswith("`") or any(word in name for word in TELLING)
    ]
    if strangers:
        raise NotInLab(
            f"The lab doesn't know what {', '.join(sorted(strangers))} does, and it may be what "
            "pushes. Nothing was scored."
        )
    raise AssertionError(f"Push to main, all is well, and nothing is released: {_reason(idle)}")


def assert_has(follows: Runs, kind: str, missing: str) -> None:
    """A gate that isn't there can't close: some run of a push to main has an effect of this kind,
    else ``missing`` is told."""
    runs = follows.tell(scenario.PUSH, GREEN)
    assert any(run.of(kind) for run in runs), missing


def assert_not_pushed(
    follows: Runs,
    bench: Bench,
    events: Iterable[Event],
    failures: Iterable[Failing],
    kinds: tuple[str, ...],
    expected: str,
) -> None:
    """None of these events ends with a push of these kinds. Raises NotInLab."""
    for event in events:
        for failing in failures:
            runs = follows.tell(event, failing)
            if runs and event in (scenario.PUSH, scenario.REQUESTS[0]):
                bench.record(trace.evidence(runs[0], FILE))
            wrong = _decided(runs, [run for run in runs if run.of(*kinds)])
            if wrong:
                pushed = wrong.of(*kinds)[0]
                bench.record(trace.evidence(wrong, FILE))
                raise AssertionError(
                    f"{trace.title(wrong)}: {pushed.step} still pushes {pushed.name}; "
                    f"{trace.cause(wrong, pushed)}. {expected}"
                )


def assert_scanned(follows: Runs, bench: Bench) -> None:
    """Every release is of a build that a scan had looked at by then. Raises NotInLab."""
    for event in scenario.RELEASES:
        runs = follows.tell(event, GREEN)
        if runs and event == scenario.PUSH:
            bench.record(trace.evidence(runs[0], FILE))
        wrong = _decided(runs, [run for run in runs if unscanned(run)])
        if wrong:
            pushed, scans = unscanned(wrong)[0], wrong.of("scan")
            bench.record(trace.evidence(wrong, FILE))
            looked = f"scanned is {_said(scans[0])}" if scans else "nothing is scanned"
            if any(pushed.image <= scan.image for scan in scans):
                looked = f"its scan comes later, in {scans[0].step}"
            raise AssertionError(
                f"{event.title}: {pushed.step} pushes {_said(pushed)}, and {looked}. The scan "
                "should come first and look at that same build."
            )


def unscanned(run: Run) -> list[Effect]:
    """The releases of builds that no scan had looked at by then."""
    seen: Image = frozenset()
    found = []
    for effect in run.effects:
        if effect.kind == "scan":
            seen |= effect.image
        elif effect.kind == "push" and not effect.image <= seen:
            found.append(effect)
    return found


def every(follows: Runs) -> list[Run]:
    """What all events come to, and a push to main where something is wrong."""
    events = [(event, GREEN) for event in scenario.RELEASES + scenario.REQUESTS]
    events += [(scenario.PUSH, failing) for failing in (*FINDINGS, Failing(tests=True))]
    return [run for event, failing in events for run in follows.tell(event, failing)]


def shown(follows: Runs) -> list[Run]:
    """The same, with what no event comes to."""
    return [*every(follows), *follows.regardless()]


def doings(runs: Iterable[Run]) -> list[Doing]:
    """The programs that runs start."""
    return [each for run in runs for told in run.told for each in told.doings]


def assert_readable(follows: Runs) -> None:
    """bash can read all scripts. Raises LearnerFault."""
    if unreadable := follows.unreadable():
        raise LearnerFault(
            " ".join(unreadable[:SHOWN]),
            Evidence("bash -n step.sh", "\n".join(unreadable), "a script that bash can read"),
        )


def _decided(runs: tuple[Run, ...], bad: list[Run]) -> Run | None:
    """A run that is wrong, where the run is wrong whatever GitHub would know. Raises NotInLab
    where that decides."""
    if bad and len(bad) < len(runs):
        assumed = next(iter(bad[0].assumed), "a value")
        raise NotInLab(
            f"{trace.title(bad[0])}: this depends on whether {assumed}, which only a run on GitHub "
            "would know. Nothing was scored."
        )
    return bad[0] if bad else None


def _reason(run: Run) -> str:
    """Why a run without trouble pushes nothing."""
    for told in run.told:
        if told.outcome == "failure":
            notes = "; ".join(map(unknown.shown, told.notes)) or "it can't succeed"
            return f"{told.step} fails: {notes}."
    if run.of("candidate"):
        return "only candidates are pushed, and none becomes a release."
    skipped = [told for told in run.told if told.outcome == "skipped"]
    if skipped:
        return f"{skipped[0].step} is skipped: {skipped[0].reason}."
    jobs = [name for name, result in run.results.items() if result == "skipped"]
    return f"the job {jobs[0]} is skipped." if jobs else "no step pushes an image."


def _said(effect: Effect) -> str:
    builds = sorted(f"build {each.number} (line {each.step.lines[0]})" for each in effect.image)
    return f"{effect.name} = {', '.join(builds) or 'an image from elsewhere'}"
