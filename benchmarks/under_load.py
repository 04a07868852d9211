"""Whether a busy machine changes a verdict: answers with a declared verdict, graded under load.

    .venv/bin/python benchmarks/under_load.py --load 25 [--kinds cpu,disk,engine] [--at-once 3]
        [--what solution,starter,variant] [--only EXERCISE,…] [--sample N] [--rounds N] [--no-idle]

The load average is held at ``--load`` by burners (load/), which end with this process. First every
answer that is timed later is graded once without them, then under them. Printed are

* false verdicts: a right answer failed, a wrong one passed, or another check failed than declared;
* errors: what the grader says that it couldn't judge;
* seconds under load as a ratio of those without, and the load that was held.

The exit code is 0 when no verdict was false.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import load  # noqa: E402

from grader.author import proof  # noqa: E402
from grader.author.proof import Claim, Proof  # noqa: E402
from grader.exercise import catalog  # noqa: E402
from grader.grading import runner, warm  # noqa: E402
from grader.grading.stock import Stock  # noqa: E402

SEED = 17
SETTLED = 0.8
"""Grading begins when this share of the load is reached."""


@dataclass(frozen=True)
class Timed:
    """One grading; ``load`` is the load average when it ended."""

    claim: Claim
    proof: Proof
    seconds: float
    load: float

    @property
    def name(self) -> str:
        return f"{self.claim.exercise.id}/{self.claim.answer}"

    @property
    def is_error(self) -> bool:
        return not self.proof.report.complete and bool(self.proof.problems)

    @property
    def is_false(self) -> bool:
        return not self.is_error and bool(self.proof.problems)


def claims(what: Sequence[str], only: Sequence[str], sample: int, rounds: int) -> list[Claim]:
    """The answers to grade, in an order by chance that is the same each time."""
    found = [
        claim
        for exercise in catalog.discover().values()
        if not only or exercise.id in only
        for claim in proof.claims_of(exercise, "variant" in what)
        if (claim.answer if claim.answer in ("solution", "starter") else "variant") in what
    ]
    chance = random.Random(SEED)
    chance.shuffle(found)
    return (found[:sample] if sample else found) * rounds


def graded(chosen: Sequence[Claim], at_once: int) -> list[Timed]:
    """Grade them, and say at once which came out otherwise."""

    def one(claim: Claim, stock: Stock) -> Timed:
        begun = time.monotonic()
        came = claim.prove(stock)
        timed = Timed(claim, came, time.monotonic() - begun, os.getloadavg()[0])
        if timed.is_false or timed.is_error:
            kind = "ERROR" if timed.is_error else "FALSE"
            print(f"{kind} {timed.name} at {timed.load:.0f}: {'; '.join(came.problems)}")
            for check in came.report.checks:
                if check.status in ("failed", "error"):
                    print(f"      {check.id}: {check.message}", flush=True)
        return timed

    with Stock() as stock, ThreadPoolExecutor(at_once) as pool:
        found = list(pool.map(lambda claim: one(claim, stock), chosen))
        runner.settle()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", type=float, default=10)
    parser.add_argument("--kinds", default="cpu", help=",".join(load.KINDS))
    parser.add_argument("--at-once", type=int, default=proof.AT_ONCE)
    parser.add_argument("--what", default="solution,starter")
    parser.add_argument("--only", default="")
    parser.add_argument("--sample", type=int, default=0, help="so many by chance; 0 for all")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--no-idle", action="store_true", help="no run without load before")
    options = parser.parse_args()
    only = [name for name in options.only.split(",") if name]
    chosen = claims(options.what.split(","), only, options.sample, options.rounds)
    warm.start()
    idle: dict[str, float] = {}
    if not options.no_idle:
        singly = {f"{claim.exercise.id}/{claim.answer}": claim for claim in chosen}
        idle = {timed.name: timed.seconds for timed in graded(list(singly.values()), 1)}
    with load.held(options.load, options.kinds.split(",")) as burners:
        while os.getloadavg()[0] < SETTLED * options.load:
            time.sleep(1)  # a load average has no event
        found = graded(chosen, options.at_once)
        at_most = burners.most
    false = [timed for timed in found if timed.is_false]
    errors = [timed for timed in found if timed.is_error]
    loads = [timed.load for timed in found]
    print(f"{len(found)} gradings, load {min(loads):.0f} to {max(loads):.0f}, {at_most} burners")
    print(f"false verdicts: {len(false)}")
    print(f"errors: {len(errors)} ({len(errors) / len(found):.1%})")
    if idle:
        ratios = [timed.seconds / idle[timed.name] for timed in found if timed.name in idle]
        median, most = statistics.median(ratios), max(ratios)
        print(f"seconds, loaded : idle: median {median:.1f}, most {most:.1f}")
    return 1 if false else 0


if __name__ == "__main__":
    sys.exit(main())
