"""A page per learner (the cards) and one for the class, written into a folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.batch.coordinator import Graded
from grader.exercise.catalog import Exercise
from grader.notebook import card
from grader.reports import summary
from grader.reports.page import bar, page, table, text
from grader.reports.summary import Learner

MOST_ROWS = 40
INDEX = "index.html"


def write(folder: Path, graded: Sequence[Graded], exercises: Mapping[str, Exercise]) -> Path:
    """Write all pages; returns the class's. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    present = {each.entry.exercise for each in graded}
    shown = {name: exercise for name, exercise in exercises.items() if name in present}
    everybody = summary.learners(graded)
    for learner in everybody:
        (folder / file_name(learner.name)).write_text(_learner(learner, shown), encoding="utf-8")
    index = folder / INDEX
    index.write_text(_class(everybody, graded, shown), encoding="utf-8")
    return index


def file_name(student: str) -> str:
    """A file name for a student: readable, and different for different names."""
    readable = re.sub(r"[^a-z0-9]+", "-", student.lower()).strip("-")[:40] or "learner"
    return f"{readable}-{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:8]}.html"


def _learner(learner: Learner, exercises: Mapping[str, Exercise]) -> str:
    most = sum(exercise.max_points for exercise in exercises.values())
    body = [
        f"<h1>{text(learner.name)}</h1>",
        f'<p class="lead"><strong>{learner.score:g} of {most:g} points</strong> in '
        f"{len(exercises)} exercises.</p>",
    ]
    for problem in learner.problems:
        body.append(f"<p><strong>Handed in and not readable:</strong> {text(problem)}</p>")
    for name, exercise in exercises.items():
        graded = learner.graded.get(name)
        if graded is None:
            body.append(f"<h2>{text(exercise.title)}</h2><p>Nothing was handed in.</p>")
        elif graded.report is None:
            body.append(card.refusal(exercise.title, graded.problem))
        else:
            body.append(card.render(graded.report, exercise.title))
    return page(f"{learner.name}: results", "\n".join(body))


def _class(
    everybody: Sequence[Learner], graded: Sequence[Graded], exercises: Mapping[str, Exercise]
) -> str:
    ungraded = [each for each in graded if not each.counts]
    body = [
        "<h1>The class</h1>",
        f'<p class="lead">{len(everybody)} learners, {len(exercises)} exercises, '
        f"{len(graded) - len(ungraded)} graded answers"
        + (f", <strong>{len(ungraded)} not graded</strong>" if ungraded else "")
        + ".</p>",
        _not_graded(ungraded),
        _scores(everybody, exercises),
        _distribution(everybody, sum(each.max_points for each in exercises.values())),
        _failing(graded, exercises),
        _stuck(everybody, exercises),
        _times(graded, exercises),
    ]
    return page("The class: results", "\n".join(body))


def _not_graded(ungraded: Sequence[Graded]) -> str:
    if not ungraded:
        return ""
    rows = [
        [
            text(each.entry.student),
            text(each.entry.exercise or each.entry.source.name),
            text(each.problem),
        ]
        for each in ungraded
    ]
    return "<h2>Not graded</h2>" + table(["Learner", "Answer", "Why"], rows)


def _scores(everybody: Sequence[Learner], exercises: Mapping[str, Exercise]) -> str:
    head = "".join(
        f'<th scope="col" class="exercise">{text(exercise.title)}</th>'
        for exercise in exercises.values()
    )
    rows = "".join(
        f'<tr><th scope="row"><a href="{file_name(learner.name)}">{text(learner.name)}</a></th>'
        f'<td class="number"><strong>{learner.score:g}</strong></td>'
        f"{''.join(_score(learner.graded.get(name)) for name in exercises)}</tr>"
        for learner in everybody
    )
    return (
        '<h2>Scores</h2><div class="scroll"><table><thead><tr><th scope="col">Learner</th>'
        f'<th scope="col">Points</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _score(graded: Graded | None) -> str:
    """One cell of the matrix; the colour repeats what the words say."""
    if graded is None:
        return '<td class="open">–</td>'
    report = graded.report
    if not graded.counts or report is None:
        return '<td class="ours">not graded</td>'
    if report.untouched:
        return '<td class="open">untouched</td>'
    kind = "full" if report.score >= report.max_score else "part" if report.score else "none"
    return f'<td class="number {kind}">{report.score:g} of {report.max_score:g}</td>'


def _distribution(everybody: Sequence[Learner], most: float) -> str:
    """How many learners have which share of the points, in fifths."""
    counts = [0] * 5
    for learner in everybody:
        counts[min(4, int(5 * learner.score / most)) if most else 0] += 1
    rows = [
        [f"{20 * step} to {20 * step + 20} %", bar(count / max(counts), str(count))]
        for step, count in reversed(list(enumerate(counts)))
    ]
    return "<h2>How the points are spread</h2>" + table(["Share of the points", "Learners"], rows)


def _failing(graded: Sequence[Graded], exercises: Mapping[str, Exercise]) -> str:
    found = summary.failing(graded)
    if not found:
        return "<h2>What fails most</h2><p>No check failed in an answer that was worked on.</p>"
    rows = [
        [
            text(exercises[row.exercise].title if row.exercise in exercises else row.exercise),
            text(row.title),
            bar(row.failed / row.judged, f"{row.failed} of {row.judged}", "bad"),
            f"{text(row.message)} <em>({row.same} times)</em>",
        ]
        for row in found[:MOST_ROWS]
    ]
    more = f"<p>… and {len(found) - MOST_ROWS} more checks.</p>" if len(found) > MOST_ROWS else ""
    head = ["Exercise", "Check", "Failed for", "What it says most often"]
    return "<h2>What fails most</h2>" + table(head, rows) + more


def _stuck(everybody: Sequence[Learner], exercises: Mapping[str, Exercise]) -> str:
    rows = [
        [
            f'<a href="{file_name(learner.name)}">{text(learner.name)}</a>',
            text(
                ", ".join(exercises[name].title for name in learner.stuck_on if name in exercises)
            ),
        ]
        for learner in sorted(everybody, key=lambda one: -len(one.stuck_on))
        if learner.stuck_on
    ]
    if not rows:
        return "<h2>Who is stuck</h2><p>Nobody: what was worked on is solved.</p>"
    head = ["Learner", "Worked on and not solved"]
    return "<h2>Who is stuck</h2>" + table(head, rows[:MOST_ROWS])


def _times(graded: Sequence[Graded], exercises: Mapping[str, Exercise]) -> str:
    times = summary.seconds(graded)
    longest = max(times.values(), default=0.0) or 1.0
    rows = [
        [text(exercise.title), bar(times[name] / longest, f"{times[name]:.1f} s")]
        for name, exercise in exercises.items()
        if name in times
    ]
    return "<h2>Grading time</h2>" + table(["Exercise", "Median of an answer"], rows)
