"""``./lab nbgrader release``: the notebooks that students get."""

from __future__ import annotations

from grader.cli.arguments import AsJson
from grader.cli.nbgrader.arguments import HERE, Assignment, Folder
from grader.cli.nbgrader.shown import show


def command(assignment: Assignment = None, course: Folder = HERE, as_json: AsJson = False) -> int:
    """Make the notebooks that students get, and note their points in the gradebook."""
    from nbgrader.converters import GenerateAssignment

    from grader.desk import convert
    from grader.desk import folder as courses

    opened = courses.find(course)
    done = []
    for name in opened.sources(assignment):
        problem = convert.run(GenerateAssignment, opened, name)
        target = opened.step("release", ".", name)
        done.append({"assignment": name, "released": str(target), "problem": problem})
    show(done, "{assignment}: {released}", as_json=as_json)
    return 2 if any(each["problem"] for each in done) else 0
