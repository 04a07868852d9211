"""``./lab nbgrader feedback``: a page for each student."""

from __future__ import annotations

from grader.cli.arguments import AsJson
from grader.cli.nbgrader.arguments import HERE, Assignment, Folder, Student
from grader.cli.nbgrader.shown import show


def command(
    assignment: Assignment = None,
    student: Student = None,
    course: Folder = HERE,
    as_json: AsJson = False,
) -> int:
    """Write a page for each student: points, what was observed, hints, your comments."""
    from nbgrader.converters import GenerateFeedback

    from grader.desk import convert
    from grader.desk import folder as courses
    from grader.verdict.outcome import UsageError

    opened = courses.find(course)
    done = []
    for name in opened.assignments(assignment):
        pattern = opened.step("autograded", student or "*", name)
        for place in sorted(opened.root.glob(str(pattern.relative_to(opened.root)))):
            who = place.relative_to(opened.root).parts[1]
            problem = convert.run(GenerateFeedback, opened, name, who)
            page = opened.step("feedback", who, name)
            done.append(
                {"student": who, "assignment": name, "feedback": str(page), "problem": problem}
            )
    if not done:
        raise UsageError("Nothing is graded yet: ./lab nbgrader autograde")
    show(done, "{student}: {feedback}", as_json=as_json)
    return 3 if any(each["problem"] for each in done) else 0
