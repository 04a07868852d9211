"""The course, graded on one engine: which answers got the verdict that they declare.

``python -m grader.tests.environments.course`` prints a line for each answer that didn't, and at the
end one line of JSON; it runs wherever the project is set up, also inside of a machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from grader.author import proof
from grader.author.proof import Proof
from grader.engine.client import connect
from grader.exercise import catalog
from grader.exercise.catalog import Exercise
from grader.verdict.report import Status


@dataclass(frozen=True)
class Tally:
    """What came of a run: counts by kind of answer (``solution``, ``starter``, ``variant``).
    ``skipped`` answers were judged in part, since the host can't do what a check needs."""

    engine: str
    store: str
    cgroup: int
    right: dict[str, int]
    asked: dict[str, int]
    skipped: tuple[str, ...]
    wrong: tuple[str, ...]


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when nothing is wrong, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="course")
    parser.add_argument("--only", default="", help="exercises, with commas")
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=proof.AT_ONCE)
    options = parser.parse_args(arguments)
    chosen = [
        exercise
        for exercise in catalog.discover().values()
        if not options.only or exercise.id in options.only.split(",")
    ]
    found = tally(chosen, options.variants, options.rounds, options.at_once)
    print(json.dumps(asdict(found)))
    return 1 if found.wrong else 0


def tally(exercises: Sequence[Exercise], variants: bool, rounds: int, at_once: int) -> Tally:
    """Grade solutions, starters and, if wanted, variants, ``rounds`` times."""
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    skipped, wrong = [], []
    for done in _proofs(exercises, variants, rounds, at_once):
        kind = done.answer if done.answer in ("solution", "starter") else "variant"
        name = f"{done.exercise}/{done.answer}"
        asked[kind] += 1
        if not done.problems:
            right[kind] += 1
        elif _is_skipped(done):
            skipped.append(name)
        else:
            wrong.append(name)
            sys.stderr.write(f"{name}: {'; '.join(done.problems)}\n")
    facts = connect().facts
    return Tally(
        *(facts.version, facts.store, facts.cgroup, dict(right), dict(asked)),
        tuple(skipped),
        tuple(wrong),
    )


def _proofs(
    exercises: Sequence[Exercise], variants: bool, rounds: int, at_once: int
) -> Iterator[Proof]:
    for _ in range(rounds):
        yield from proof.prove(exercises, variants=variants, at_once=at_once)


def _is_skipped(done: Proof) -> bool:
    """Whether the report says that it isn't whole, and blames nobody for what it couldn't see."""
    statuses = {check.status for check in done.report.checks}
    blamed = any("fails and shouldn't" in problem for problem in done.problems)
    skipped = Status.SKIPPED in statuses and Status.ERROR not in statuses
    return not done.report.complete and skipped and not blamed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
