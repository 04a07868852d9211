"""A Dask cluster as a crew: workers elsewhere, each beside an engine of its own.

A task's key is its content's, so that equal answers are graded once in the whole cluster, whoever
asks; what a lost worker had begun is done by another.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from distributed import Client

from grader.batch import worker
from grader.batch.task import Task
from grader.grading.provenance import ENGINE_FACTS, IMAGES
from grader.verdict.outcome import GraderError
from grader.verdict.report import Report

CONNECT_SECONDS = 10
WORKER_SECONDS = 30


class ClusterCrew:
    """The workers of one scheduler."""

    def __init__(self, address: str) -> None:
        """Raises GraderError when no scheduler or no worker answers."""
        try:
            self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
            self._client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except (OSError, TimeoutError, ValueError) as error:
            raise GraderError(
                f"No Dask scheduler with a worker answers at {address} ({error}). On each machine "
                f"with an engine: ./lab worker {address}"
            ) from error
        self.size = sum(self._client.nthreads().values())
        self._tasks: dict[Future[Report], Any] = {}

    def facts(self) -> Mapping[str, Any]:
        """The facts that all workers share. Raises GraderError where they differ, since the same
        answer would have two keys."""
        found: dict[str, Mapping[str, Any]] = self._client.run(worker.facts)
        first_name, first = next(iter(found.items()))
        for name, facts in found.items():
            for fact in (*ENGINE_FACTS, IMAGES):
                if facts.get(fact) != first.get(fact):
                    raise GraderError(
                        f"The workers {first_name} and {name} differ in {fact}: "
                        f"{_brief(first.get(fact))} and {_brief(facts.get(fact))}. A class is "
                        "graded on engines that are alike; ./lab bundle gives all the same images."
                    )
        return first

    def submit(self, task: Task) -> Future[Report]:
        ours: Future[Report] = Future()
        ours.set_running_or_notify_cancel()
        theirs = self._client.submit(worker.grade, task, key=f"drydock-{task.key}", pure=False)
        self._tasks[ours] = theirs  # dropping it would cancel the task
        theirs.add_done_callback(lambda done: self._hand_over(ours, done))
        return ours

    def _hand_over(self, ours: Future[Report], theirs: Any) -> None:
        """Called in a thread of the client's, once, with the remote future."""
        try:
            ours.set_result(theirs.result())
        except GraderError as error:
            ours.set_exception(error)
        except Exception as error:
            ours.set_exception(GraderError(f"The cluster could not grade it: {error}"))
        self._tasks.pop(ours, None)

    def close(self) -> None:
        """What runs is given up: the workers' processes end it; a later call grades it anew."""
        self._client.close()


def _brief(value: object) -> str:
    return str(value)[:120]
