"""The author's tools: a new exercise from a template, and what is still wrong with the course."""

__all__ = ["audit", "new", "proof", "variant"]
