"""Many submissions: who handed in what, graded once each, a few at a time, recorded one by one."""

__all__ = ["cluster", "coordinator", "crew", "private", "roster", "worker"]
