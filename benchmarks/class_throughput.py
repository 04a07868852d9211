"""What grading a class costs: throughput against the engine's own, growth, regrading, memory.

    .venv/bin/python benchmarks/class_throughput.py [--sizes 10,60] [--identical 0.3] [--wrong 0.3]

A synthetic class answers the six core exercises. ``--identical`` is the share of answers that are
equal to another one (they are graded once), ``--wrong`` the share that are a variant's with a
declared verdict. Printed are submissions a minute of ``./lab grade`` and of a bare script that
makes the same engine calls (floor/) at its best concurrency, both in turn; the cost per graded
submission as the class grows; an unchanged regrade; the largest process's peak memory. With
``--one-by-one`` every answer of the largest class is graded again, one at a time, and verdicts that
differ are named. Absolute figures mean nothing on a shared machine; compare the ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

import floor  # noqa: E402
from check_latency import CORE  # noqa: E402

from grader.author import variant  # noqa: E402
from grader.batch import roster  # noqa: E402
from grader.exercise import catalog  # noqa: E402
from grader.grading import runner, warm  # noqa: E402

WORKERS = (2, 4, 6, 8)
"""Concurrencies of the bare script that are tried."""
SEED = 8


Verdicts = Mapping[str, str]
"""Status by check."""


@dataclass(frozen=True)
class Run:
    """One ``./lab grade`` of a class."""

    seconds: float
    graded: int
    submissions: int
    verdicts: Mapping[tuple[str, str], Verdicts]

    @property
    def each(self) -> float:
        """Seconds for each submission that was graded."""
        return self.seconds / max(1, self.graded)


def hand_in(root: Path, students: int, identical: float, wrong: float) -> None:
    """Write a class: each answer differs by blank lines at its end, unless it is identical."""
    chance = random.Random(SEED)
    for student in range(students):
        for name in CORE:
            exercise = catalog.find(name)
            texts = dict(exercise.solved)
            if chance.random() < wrong:
                tried = chance.choice([each for each in variant.of(exercise) if each.fails])
                files = tried.submission(exercise).files
                texts = {file: content.decode() for file, content in files.items()}
            blank = "" if chance.random() < identical else "\n" * (student + 1)
            for file, text in texts.items():
                path = root / f"student{student:03}" / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text + blank)


def grade(folder: Path, state: Path, jobs: int | None) -> Run:
    command = [str(ROOT / "lab"), "grade", str(folder), "--json"]
    command += ["--jobs", str(jobs)] if jobs else []
    begun = time.monotonic()
    done = subprocess.run(
        command,
        env={**os.environ, "DRYDOCK_STATE": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - begun
    *reports, last = map(json.loads, done.stdout.splitlines())
    summary = last["summary"]
    if summary["not_graded"]:
        raise RuntimeError(f"{summary['not_graded']} were not graded: {done.stderr[-500:]}")
    verdicts = {
        (report["student"], report["exercise"]): {
            check["id"]: check["status"] for check in report["checks"]
        }
        for report in reports
    }
    return Run(seconds, summary["graded"], summary["submissions"], verdicts)


def differing(root: Path, graded: Run) -> list[str]:
    """Answers of a class that get another verdict when each is graded alone."""
    warm.start()
    exercises = catalog.discover()
    found = []
    for entry in roster.read(root, exercises):
        assert entry.submission
        report = runner.grade(exercises[entry.exercise], entry.submission)
        alone = {check.id: check.status.value for check in report.checks}
        if alone != graded.verdicts[entry.student, entry.exercise]:
            found.append(f"{entry.student} {entry.exercise}")
    runner.settle()
    return found


def saturation(count: int) -> tuple[int, float]:
    """(concurrency, submissions a second) of the bare script at its best, over ``count`` runs of
    the core exercises' solutions at each concurrency."""
    found = {}
    for workers in WORKERS:
        work = [catalog.find(CORE[number % len(CORE)]) for number in range(count)]
        begun = time.monotonic()
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(floor.seconds, work))
        found[workers] = count / (time.monotonic() - begun)
        print(f"  bare script, {workers} at once: {60 * found[workers]:.0f} a minute", flush=True)
    best = max(found, key=lambda workers: found[workers])
    return best, found[best]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10,60", help="submissions, comma-separated")
    parser.add_argument("--identical", type=float, default=0.0)
    parser.add_argument("--wrong", type=float, default=0.0)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--floor", type=int, default=36, help="runs at each concurrency, or 0")
    parser.add_argument("--one-by-one", action="store_true")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        warm = home / "warm"
        hand_in(warm, 1, 0.0, 0.0)
        grade(warm, home / "warm.state", options.jobs)
        runs = []
        for size in sizes:
            root = home / f"class{size}"
            hand_in(root, -(-size // len(CORE)), options.identical, options.wrong)
            runs.append(grade(root, home / f"{size}.state", options.jobs))
            print(
                f"./lab grade, {runs[-1].submissions} submissions: {runs[-1].graded} graded in "
                f"{runs[-1].seconds:.1f} s, {60 / runs[-1].each:.0f} a minute",
                flush=True,
            )
        again = grade(home / f"class{sizes[-1]}", home / f"{sizes[-1]}.state", options.jobs)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        if options.one_by_one:
            differ = differing(home / f"class{sizes[-1]}", runs[-1])
            print(f"verdicts that differ one by one: {len(differ)} {differ}", flush=True)
        last = runs[-1]
        if options.floor:
            workers, best = saturation(options.floor)
            ratio = 1 / last.each / best
            print(f"throughput : bare script at its best ({workers} at once): {ratio:.2f}")
    print(f"cost per submission, {sizes[-1]} : {sizes[0]}: {last.each / runs[0].each:.2f}")
    print(f"regrade with nothing changed: {last.seconds / again.seconds:.0f} times faster")
    print(f"peak memory of the largest process: {memory:.0f} MiB")


if __name__ == "__main__":
    main()
