"""``./lab progress``: the whole course at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.cli.arguments import AsJson

if TYPE_CHECKING:
    from grader.learner.overview import Overview

BAR_CELLS = 10


def command(as_json: AsJson = False) -> None:
    """The whole course at a glance, and what to do next."""
    from grader.cli.terminal import document
    from grader.learner.overview import Overview

    overview = Overview.now()
    print(document(_as_dict(overview)) if as_json else _text(overview))


def _as_dict(overview: Overview) -> dict[str, Any]:
    return {
        "score": overview.earned,
        "max_score": overview.maximum,
        "next": overview.following.id if overview.following else None,
        "exercises": [
            {
                "id": exercise.id,
                "best": state.best,
                "max_score": exercise.max_points,
                "attempts": state.attempts,
            }
            for exercise, state in overview.done.values()
        ],
    }


def _text(overview: Overview) -> str:
    lines = []
    for exercise, state in overview.done.values():
        score = f"{state.best:g}/{exercise.max_points:g}"
        bar = _bar(state.best, exercise.max_points)
        lines.append(f"  {exercise.id:26} {bar} {score:>10}   {_attempts(state.attempts)}")
    lines += ["", f"  {overview.earned:g} of {overview.maximum:g} points"]
    following = overview.following
    if following:
        lines.append(f"  Next: {following.id} – {following.title} (./lab check {following.id})")
    else:
        lines.append("  Everything is done.")
    return "\n".join(lines)


def _bar(score: float, maximum: float) -> str:
    from grader.cli.terminal import painted

    full = round(BAR_CELLS * score / maximum) if maximum else 0
    return painted("█" * full, "32") + painted("░" * (BAR_CELLS - full), "2")


def _attempts(count: int) -> str:
    return {0: "not tried yet", 1: "1 answer tried"}.get(count, f"{count} answers tried")
