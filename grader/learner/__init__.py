"""The learner's own state: the workspace with the answers, which hints were seen, how far the
course is done.

It must not know an engine or how answers are judged.
"""

__all__ = ["hints", "overview", "workspace"]
