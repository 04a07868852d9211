"""Drydock in a notebook: answer cells, result cards, quizzes, and the notebooks themselves.

Knows reports and exercises, and nothing of Docker: whatever touches an engine happens behind
``grader.grading.runner``.
"""

__all__ = ["card", "commands", "expand", "extension", "grading", "question", "quiz", "score"]
