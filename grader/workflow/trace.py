"""A run in words: what each step did, for people who read the workflow beside it."""

from __future__ import annotations

from grader.verdict.report import Evidence
from grader.workflow import unknown
from grader.workflow.job import Told
from grader.workflow.machine import Effect, Failing
from grader.workflow.run import Run

_SAID = {"test": "tested", "scan": "scanned", "build": "built", "push": "pushed"}
MAX_LINES = 30


def evidence(run: Run, file: str) -> Evidence:
    """The run beside the file. Its lines are the numbers that ``cat -n`` shows."""
    return Evidence(f"cat -n {file}", text(run), told=True)


def title(run: Run) -> str:
    return f"{run.event.title}, {run.failing}"


def text(run: Run) -> str:
    lines = [f"{title(run)}:"]
    if not run.told and not run.results:
        return f"{lines[0]} the workflow isn't started"
    quiet = {told.step.job for told in run.told if told.outcome != "skipped"}
    for job, result in run.results.items():
        if result == "skipped":
            lines.append(f"job {job}: skipped")
            continue
        lines.append(f"job {job}: {result}")
        lines += [_line(told) for told in run.told if told.step.job == job and job in quiet]
    for question, answer in run.assumed.items():
        lines.append(f"(taken for granted: {question}: {'yes' if answer else 'no'})")
    if run.unfamiliar:
        lines.append(f"(the lab knows no effect of {', '.join(sorted(run.unfamiliar))})")
    kept = lines[:MAX_LINES]
    return "\n".join([*kept, "…"] if len(lines) > MAX_LINES else kept)


def _line(told: Told) -> str:
    step = told.step
    said = [unknown.shown(note) for note in told.notes] + [_effect(each) for each in told.effects]
    what = f" ({'; '.join(said)})" if said else ""
    why = f", {told.reason}" if told.reason else ""
    return f"  line {step.lines[0]}, step {step.number} ({step.label}): {told.outcome}{why}{what}"


def _effect(effect: Effect) -> str:
    if effect.kind == "candidate":
        return f"pushed the candidate {effect.name}"
    builds = ", ".join(sorted(f"build {build.number}" for build in effect.image))
    name = effect.name[:80] or "an image without a name"
    known = f" = {builds}" if builds else ""
    return f"{_SAID[effect.kind]} {name}{known}"


def cause(run: Run, effect: Effect) -> str:
    """Why a step ran that shouldn't have, as far as the run shows it."""
    told = next((each for each in run.told if effect in each.effects), None)
    if told and told.reason:
        return f"it ran {told.reason}"
    failed = [each for each in run.told if each.outcome == "failure"]
    excused = next((each for each in failed if "excuses" in each.reason), None)
    if excused:
        return f"{excused.step} failed, and continue-on-error excuses it"
    if failed:
        return f"{failed[0].step} failed, and nothing holds this one back"
    if run.failing == Failing():
        condition = effect.step.condition
        if condition and not _is_whole(str(condition)):
            return (
                f"its if, {str(condition)[:80]!r}, is always true: text outside of "
                "${{ }} makes it a text, and a text that isn't empty is true"
            )
        held = f"its if came to true: {str(condition)[:80]}" if condition else "it has no if"
        return f"nothing keeps it from running for this event ({held})"
    return _unheld(run)


def _is_whole(condition: str) -> bool:
    """Whether an ``if`` is one expression, as it should be."""
    text = condition.strip()
    return "${{" not in text or (text.startswith("${{") and text.endswith("}}"))


def _unheld(run: Run) -> str:
    """Which step should have stopped the run, and what it did instead."""
    wanted = "test" if run.failing.tests else "scan"
    gates = [told for told in run.told if any(each.kind == wanted for each in told.effects)]
    noted = [note for told in gates for note in told.notes if "never fails" in note]
    if noted:
        return noted[0]
    if not gates:
        return f"no step that {_SAID[wanted]} ran before it"
    lines = [line for line in gates[0].trace.splitlines() if line.startswith("+")]
    last = (
        f"; the last command of its script was `{lines[-1].split('+', 2)[2][:80]}`" if lines else ""
    )
    said = "the tests fail" if run.failing.tests else "there is such a finding"
    return f"{gates[0].step} should have failed, as {said}, and ended with 0{last}"
