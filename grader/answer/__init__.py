"""What was handed in, read as data: submissions, Dockerfiles (``recipe``), ``docker run`` commands
and what docker makes of them (``capture``), YAML (``document``).

Nothing of an answer is run here, and nothing is judged.
"""

__all__ = ["capture", "document", "recipe", "run_command", "submission"]
