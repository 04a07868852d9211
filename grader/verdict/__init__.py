"""The words that everybody speaks: reports, how a grading goes wrong, events, facts, safe text,
and how it reaches any terminal.

It imports nothing of the project and must stay so: whatever needs an engine, an exercise or a
page belongs further up.
"""

__all__ = ["event", "facts", "outcome", "report", "stream", "text"]
