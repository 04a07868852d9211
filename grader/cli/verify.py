"""``./lab verify``: whether exercises are whole and get the verdicts that they declare."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grader.cli.arguments import AsJson
from grader.cli.terminal import Live, painted, say

if TYPE_CHECKING:
    from grader.author.proof import Proof
    from grader.exercise.catalog import Exercise


def command(
    exercise: Annotated[str | None, typer.Argument(show_default="the whole course")] = None,
    variants: Annotated[
        bool, typer.Option("--variants", help="Grade the variants of the whole course as well.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Whether exercises are whole and get the verdicts that they declare (for authors)."""
    from grader.author import audit, proof
    from grader.exercise import catalog
    from grader.grading import warm
    from grader.verdict.event import Event

    chosen = [catalog.find(exercise)] if exercise else list(catalog.discover().values())
    course = [] if exercise else list(audit.of_course())
    found = {each.id: list(audit.of_exercise(each)) for each in chosen}
    ready = [each for each in chosen if _can_be_graded(each)]
    proofs: list[Proof] = []
    warm.start()
    with Live(quiet=as_json) as live:
        for done in proof.prove(ready, variants=variants or exercise is not None):
            proofs.append(done)
            found[done.exercise] += [f"{done.answer}: {problem}" for problem in done.problems]
            live.listen(Event("phase", f"{done.exercise}: {done.answer}"))
    if as_json:
        print(json.dumps(_as_dict(course, found, proofs), ensure_ascii=False))
    else:
        _show(course, found, proofs)
    if any(each.is_ours for each in proofs):
        return 3
    return 1 if course or any(found.values()) else 0


def _can_be_graded(exercise: Exercise) -> bool:
    files = [
        folder / name
        for folder in (exercise.folder, exercise.solution)
        for name in exercise.answers
    ]
    return exercise.checks_path.is_file() and all(path.is_file() for path in files)


def _show(course: Sequence[str], found: dict[str, list[str]], proofs: Sequence[Proof]) -> None:
    for problem in course:
        print(f"{painted('✘', '31')} {problem}")
    for name, problems in found.items():
        seconds = [
            f"{each.answer} {each.report.seconds:.1f} s"
            for each in proofs
            if each.exercise == name and each.answer in ("solution", "starter")
        ]
        variants = sum(each.exercise == name for each in proofs) - len(seconds)
        seconds += [f"{variants} variants"] if variants > 0 else []
        mark = painted("✘", "31") if problems else painted("✔", "32")
        print(f"{mark} {name:26} {', '.join(seconds)}")
        for problem in problems:
            print(f"    {problem}")
    wrong = len(course) + sum(map(len, found.values()))
    say("All is well." if not wrong else f"{wrong} things to mend.")


def _as_dict(
    course: Sequence[str], found: dict[str, list[str]], proofs: Sequence[Proof]
) -> dict[str, Any]:
    return {
        "schema": 1,
        "ok": not course and not any(found.values()),
        "problems": list(course),
        "exercises": [
            {
                "id": name,
                "problems": problems,
                "answers": [
                    {
                        "answer": each.answer,
                        "score": each.report.score,
                        "max_score": each.report.max_score,
                        "seconds": round(each.report.seconds, 3),
                        "failed": [
                            check.id for check in each.report.checks if check.status == "failed"
                        ],
                    }
                    for each in proofs
                    if each.exercise == name
                ],
            }
            for name, problems in found.items()
        ],
    }
