"""What a container did and answered, as plain facts."""

from __future__ import annotations

from grader.verdict.facts import Response


def test_a_body_nested_beyond_reason_is_no_json() -> None:
    assert Response(200, {}, b"[" * 200_000, 0.1).json() is None
