"""What checks judge with: asserts over facts, with the same words to the learner wherever they are
used; and ``scenes``, what is played with containers to get such facts.

A check calls one of these and keeps its own title, points and hints. Nothing here knows who runs
the checks, or asks the engine other than by a probe.
"""

__all__ = [
    "buffering",
    "caching",
    "code",
    "contents",
    "dependents",
    "gpureport",
    "health",
    "identity",
    "ignored",
    "journal",
    "jsonlines",
    "key",
    "labels",
    "leaks",
    "limits",
    "readonly",
    "refusal",
    "release",
    "restart",
    "scan",
    "scenes",
    "shutdown",
]
