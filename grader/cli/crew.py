"""Who grades a class: this machine, or the cluster that was named."""

from __future__ import annotations

from grader.batch.crew import Crew, LocalCrew


def crew_of(jobs: int | None, scheduler: str | None) -> Crew:
    """``jobs`` are gradings at once on this machine. Raises GraderError."""
    if scheduler:
        from grader.batch.cluster import ClusterCrew

        return ClusterCrew(scheduler)
    return LocalCrew(jobs)
