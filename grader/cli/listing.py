"""``./lab list``: every exercise of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.cli.arguments import AsJson

if TYPE_CHECKING:
    from grader.exercise.catalog import Exercise
    from grader.store import Progress


def command(as_json: AsJson = False) -> None:
    """Sections, exercises, points, and how far you are."""
    from grader import store
    from grader.cli.terminal import document, painted
    from grader.exercise import catalog

    listed = [(each, store.progress(each.id)) for each in catalog.discover().values()]
    if as_json:
        print(document({"exercises": [_entry(exercise, done) for exercise, done in listed]}))
        return
    section = ""
    for exercise, done in listed:
        if exercise.section != section:
            section = exercise.section
            print(f"\n{painted(section, '1')}")
        score = f"{done.best:g}/{exercise.max_points:g}"
        print(
            f"  {_mark(exercise, done)} {exercise.id:26}{score:>11}"
            f"{exercise.minutes:5} min   {exercise.title}"
        )


def _mark(exercise: Exercise, done: Progress) -> str:
    from grader.cli.terminal import painted

    if done.best >= exercise.max_points:
        return painted("✔", "32")
    return painted("·", "33") if done.attempts else " "


def _entry(exercise: Exercise, done: Progress) -> dict[str, Any]:
    from grader.exercise import project

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
