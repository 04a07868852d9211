"""Whether what a service prints comes out at once, seen by the line about a prediction.

How long a line may take is the scene's business.
"""

from __future__ import annotations

from grader.judging.scenes.prediction import SCORE, Prediction
from grader.probe.bench import Bench
from grader.verdict.report import Evidence

LOOK = (
    "docker start web > /dev/null; curl -s --retry 9 --retry-all-errors -X POST "
    "-H 'X-Request-Id: 7e57' -d '{\"features\": [1.0, 2.0, 3.0]}' "
    "http://localhost:8000/predict; sleep 1; docker logs web | tail -1"
)


def assert_unbuffered(prediction: Prediction, bench: Bench) -> None:
    """The prediction was answered, and its line was in the log while the service ran."""
    shown = f"{prediction.request} predicted {SCORE}" if prediction.is_logged else "(no such line)"
    bench.record(Evidence(LOOK, shown))
    answer = prediction.answer
    assert answer.ok, f"POST /predict came to {answer}."
    assert prediction.is_logged, (
        f"The service answered and printed a line about it; {prediction.waited:.0f} s later the "
        "line was still not in docker logs."
    )
