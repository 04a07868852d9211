"""One grading, from a request to a report: ``runner`` is the caller's side (``forked`` the process
as it sees it, ``hearing`` what that tells), ``process`` the forked side, ``request`` what passes
between them; the rest is what a process needs on its way.

It must not know who asks: no command line, no notebook, no class.
"""

__all__ = ["forked", "host", "provenance", "runner", "second_look", "stock", "warm"]
