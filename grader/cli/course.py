"""Listing, progress, hints, solutions: the course as text or JSON, engine not needed."""

from __future__ import annotations

import json
import textwrap
from typing import Any

from grader import store
from grader.cli.terminal import painted, width
from grader.exercise import catalog, project
from grader.exercise.catalog import Exercise
from grader.learner import hints, workspace
from grader.learner.overview import Overview
from grader.store import Progress

BAR_CELLS = 10


def listing(*, as_json: bool) -> str:
    """Every exercise of the catalogue."""
    exercises = catalog.discover().values()
    if as_json:
        return _json({"exercises": [_entry(exercise) for exercise in exercises]})
    lines: list[str] = []
    section = ""
    for exercise in exercises:
        if exercise.section != section:
            section = exercise.section
            lines += ["", painted(section, "1")]
        done = store.progress(exercise.id)
        lines.append(
            f"  {_mark(exercise, done)} {exercise.id:26}{_score(exercise, done):>11}"
            f"{exercise.minutes:5} min   {exercise.title}"
        )
    return "\n".join(lines)


def progress(*, as_json: bool) -> str:
    """Score per exercise, the whole course's score, and what to do next."""
    overview = Overview.now()
    done, following = overview.done, overview.following
    earned, maximum = overview.earned, overview.maximum
    if as_json:
        return _json(
            {
                "score": earned,
                "max_score": maximum,
                "next": following.id if following else None,
                "exercises": [
                    {
                        "id": exercise.id,
                        "best": state.best,
                        "max_score": exercise.max_points,
                        "attempts": state.attempts,
                    }
                    for exercise, state in done.values()
                ],
            }
        )
    lines = [
        f"  {exercise.id:26} {_bar(state.best, exercise.max_points)} "
        f"{_score(exercise, state):>10}   {_attempts(state)}"
        for exercise, state in done.values()
    ]
    lines += ["", f"  {earned:g} of {maximum:g} points"]
    if following:
        lines.append(f"  Next: {following.id} – {following.title} (./lab check {following.id})")
    else:
        lines.append("  Everything is done.")
    return "\n".join(lines)


def hint(exercise: Exercise, check: str | None, *, as_json: bool) -> str:
    """The next hint. Raises UsageError."""
    found = hints.next_hint(exercise, check)
    if as_json:
        return _json(
            {
                "exercise": exercise.id,
                "check": found.check,
                "hint": found.text,
                "number": found.number,
                "total": found.total,
            }
        )
    lines = [painted(found.title, "1"), *textwrap.wrap(found.text, width())]
    if found.number < found.total:
        lines.append(painted(f"Hint {found.number} of {found.total}.", "2"))
    else:
        lines.append(
            painted(f"That was the last of {found.total}; ./lab solution {exercise.id}", "2")
        )
    return "\n".join(lines)


def reset(exercise: Exercise, *, as_json: bool) -> str:
    """Put the starter into the workspace. Raises UsageError."""
    kept = workspace.reset(exercise)
    if as_json:
        return _json({"workspace": str(exercise.workspace), "kept": str(kept) if kept else None})
    text = f"The starter of {exercise.id} is in {exercise.workspace}."
    if kept:
        text += f"\nWhat was there is kept in {kept}."
    brief = textwrap.fill(exercise.brief, width())
    return f"{text}\n\n{brief}\n\nThen: ./lab check {exercise.id}"


def solution(exercise: Exercise, *, as_json: bool) -> str:
    """The solution's files."""
    if as_json:
        return _json({"exercise": exercise.id, "files": dict(exercise.solved)})
    return "\n".join(
        f"{painted('── ' + name + ' ──', '1')}\n{text}" for name, text in exercise.solved.items()
    )


def cleaned(removed: list[str], *, as_json: bool) -> str:
    """What a clean-up removed."""
    return lines(removed, "removed", as_json=as_json) or "Nothing was left to remove."


def lines(items: list[str], key: str, *, as_json: bool) -> str:
    """A list of things, each on its line."""
    return _json({key: items}) if as_json else "\n".join(f"{key} {item}" for item in items)


def _entry(exercise: Exercise) -> dict[str, Any]:
    done = store.progress(exercise.id)
    return {
        "id": exercise.id,
        "section": exercise.section,
        "title": exercise.title,
        "lesson": exercise.lesson,
        "minutes": exercise.minutes,
        "answers": list(exercise.answers),
        "capabilities": list(exercise.capabilities),
        "max_score": exercise.max_points,
        "best": done.best,
        "attempts": done.attempts,
        "folder": exercise.folder.relative_to(project.ROOT).as_posix(),
        "checks": [
            {"id": check.id, "title": check.title, "points": check.points}
            for check in exercise.checks
        ],
    }


def _json(content: dict[str, Any]) -> str:
    return json.dumps({"schema": 1, **content}, ensure_ascii=False)


def _mark(exercise: Exercise, done: Progress) -> str:
    if done.best >= exercise.max_points:
        return painted("✔", "32")
    return painted("·", "33") if done.attempts else " "


def _score(exercise: Exercise, done: Progress) -> str:
    return f"{done.best:g}/{exercise.max_points:g}"


def _bar(score: float, maximum: float) -> str:
    full = round(BAR_CELLS * score / maximum) if maximum else 0
    return painted("█" * full, "32") + painted("░" * (BAR_CELLS - full), "2")


def _attempts(done: Progress) -> str:
    return {0: "not tried yet", 1: "1 answer tried"}.get(
        done.attempts, f"{done.attempts} answers tried"
    )
