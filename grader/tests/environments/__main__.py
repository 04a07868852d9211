"""``./lab test --environment NAME``: the course in another environment, and a row about it in
``docs/environments.md``."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Mapping
from typing import Any

from grader.exercise import project
from grader.setup.step import SetupError
from grader.tests.environments.places import ENVIRONMENTS, REFUSED

DOCUMENT = project.ROOT / "docs" / "environments.md"


def main() -> int:
    """Exit code 0 when all is right there, 1 otherwise, 3 when it can't be made."""
    parser = argparse.ArgumentParser(prog="./lab test --environment")
    parser.add_argument("name", choices=sorted(ENVIRONMENTS))
    parser.add_argument("--only", default="", help="exercises, with commas")
    parser.add_argument("--variants", action="store_true", help="their variants as well")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    folder = project.state() / "environments"
    folder.mkdir(parents=True, exist_ok=True)
    words = ["--variants"] if options.variants else []
    words += [f"--only={options.only}"] if options.only else []
    words += [f"--rounds={options.rounds}"]
    try:
        with ENVIRONMENTS[options.name](folder) as run:
            code, output = run(" ".join(words))
    except (SetupError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    sys.stderr.write(output)
    if options.name in REFUSED:
        note(options.name, "doctor, check", "refused" if not code else "**not refused**")
        return code
    try:
        found = json.loads(output.strip().splitlines()[-1])
    except (ValueError, IndexError):
        sys.stderr.write("The course wasn't graded there to its end: no row is written.\n")
        return 3
    record(options.name, " ".join(words), found)
    return code


def record(name: str, what: str, found: Mapping[str, Any]) -> None:
    """Add a row to the table of ``docs/environments.md``, which is that document's last part."""
    counts = found["right"]
    right = ", ".join(f"{counts.get(kind, 0)} of {n} {kind}s" for kind, n in found["asked"].items())
    rest = [f"skipped: {', '.join(found['skipped'])}"] if found["skipped"] else []
    rest += [f"**wrong: {', '.join(found['wrong'])}**"] if found["wrong"] else []
    engine = f"{found['engine']}, {found['store']}, cgroup {found['cgroup']}"
    run = f"`{what}`" if what != "--rounds=1" else "solutions, starters"
    note(f"{name} ({engine})", run, "; ".join([right, *rest]))


def note(where: str, what: str, came_of_it: str) -> None:
    """Add a row with today's date."""
    cells = [datetime.datetime.now(datetime.UTC).date().isoformat(), where, what, came_of_it]
    with DOCUMENT.open("a", encoding="utf-8") as document:
        document.write(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    sys.exit(main())
