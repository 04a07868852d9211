"""What is remembered: results by content, and a learner's progress. One sqlite file.

Reports that aren't complete (a fault of ours) are never recorded.
"""

from __future__ import annotations

from grader.store.progress import (
    Progress,
    hints_seen,
    progress,
    quiz_answered,
    record,
    record_quiz,
    saw_hint,
)
from grader.store.results import Results

__all__ = [
    "Progress",
    "Results",
    "database",
    "hints_seen",
    "order",
    "progress",
    "quiz_answered",
    "record",
    "record_quiz",
    "results",
    "saw_hint",
]
