"""From a machine with Python to one with an engine and the lab's images, and what it lacks.

``python -m grader.setup`` is called by the launcher, inside the virtual environment.
"""

__all__ = ["engine", "platform"]
