"""A course in nbgrader: hand out, collect, grade in the sandbox, give feedback, export.

Everything here builds on nbgrader's own converters and gradebook. What differs from a plain
course: no notebook is ever executed; answers are read as data and graded in containers.
"""

__all__ = ["autograde", "collect", "convert", "export", "folder", "submitted"]
