"""What a service does without what it needs: it ends when it has no key, and says that it isn't
well when it has no model.

How it was brought into that position isn't known here.
"""

from __future__ import annotations

from collections.abc import Mapping

from grader.judging.scenes.missing import Keyless, Modelless
from grader.verdict.facts import Response


def assert_needs_key(keyless: Keyless) -> None:
    """Without its key the service ends by itself, and not as if all were well."""
    assert keyless.end is not None, (
        "Without /run/secrets/api_key the service went on running; it should end at once."
    )
    assert keyless.end.code != 0, (
        "Without /run/secrets/api_key the service ended with exit code 0, as if all were well."
    )


def assert_comes_back(keyless: Keyless) -> None:
    """After such an end the engine started it again."""
    code = keyless.end.code if keyless.end else None
    assert keyless.came_back, f"The service ended with exit code {code} and was not started again."


def assert_told_from_faults(garbled: Mapping[str, Response]) -> None:
    """Bodies that aren't a prediction's are refused with 422, by body."""
    for body, answer in garbled.items():
        assert answer.status == 422, (
            f"POST /predict with the body {body} came to {answer}; it should be 422: the fault is "
            "the caller's, and the log shouldn't call it the service's."
        )


def assert_needs_model(modelless: Modelless) -> None:
    """Without a model the service either doesn't serve at all, or is neither well by its own word
    nor healthy for Docker."""
    if modelless.answer is None:
        return
    assert not modelless.answer.ok, (
        f"Without a model /health came to {modelless.answer}: it should be 503."
    )
    assert not modelless.was_healthy, (
        f"Without a model /health answers {modelless.answer.status}, and Docker called the service "
        "healthy all the same."
    )
