"""Whether a service works with a read-only root and a /tmp in memory.

What it wrote and where to isn't known here: its own words tell.
"""

from __future__ import annotations

from grader.judging.scenes.inspection import Life
from grader.judging.scenes.prediction import SCORE
from grader.probe.bench import Bench
from grader.verdict.facts import Response
from grader.verdict.report import Evidence

LOOK = (
    "id=$(docker run -d --read-only --tmpfs /tmp web); sleep 3; "
    "docker inspect -f '{{.State.Status}}' $id; docker logs $id; docker rm -f $id"
)


def assert_works(life: Life, predicted: Response, bench: Bench) -> None:
    """The service served with a read-only root, and what it ``predicted`` is right."""
    shown = life.refusal.message if life.refusal else "running"
    bench.record(Evidence(LOOK, shown))
    assert life.refusal is None, f"With a read-only root file system: {shown}"
    assert predicted.json() == {"score": SCORE}, (
        f"POST /predict should give the score {SCORE}; it came to {predicted}."
    )
