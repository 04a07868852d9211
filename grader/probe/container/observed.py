"""A container seen by the kernel, through the observer: processes, files, its control group."""

from __future__ import annotations

import base64
from collections.abc import Callable

from grader.probe.container import receipt
from grader.probe.container.handle import ANSWER_SECONDS, Handle
from grader.verdict.facts import Ending, Mount, Process, Usage
from grader.verdict.outcome import GraderError


class Observed(Handle):
    """Facts that no program in the container can forge."""

    def processes(self) -> tuple[Process, ...]:
        """Every process of the container, from the host's /proc, the first process first."""
        processes = self._look()
        self.show(processes)
        return processes

    def show(self, processes: tuple[Process, ...], before: str = "") -> None:
        """Leave processes that were looked at earlier as evidence; ``before`` is typed first."""
        self.record(receipt.processes(processes, before))

    def show_signals(self, process: Process) -> None:
        """Leave as evidence which signals a process handles."""
        self.record(receipt.signals(process))

    def remaining(self, seconds: float) -> tuple[Process, ...]:
        """The processes that are there ``seconds`` from now; none when the container ends first."""
        self._bench.watch.wait(lambda: self._bench.watch.of(self.id, "die"), seconds)
        found = self._bench.observer.ask("processes", ANSWER_SECONDS, container=self.id)
        return tuple(Process.from_dict(item) for item in found)

    def capabilities(self) -> tuple[Process, ...]:
        """The same processes, with their capabilities as evidence."""
        processes = self._look()
        for process in processes[: receipt.SHOWN_PROCESSES]:
            self.record(receipt.capabilities(process))
        return processes

    def read(self, path: str) -> str | None:
        """The text of a file in the running container, or None when there is no such file."""
        try:
            found = self._bench.observer.ask("read", ANSWER_SECONDS, pid=self._host_pid, path=path)
        except GraderError as error:
            if "FileNotFoundError" in str(error) or "NotADirectory" in str(error):
                return None
            raise
        text = base64.b64decode(found["content"]).decode("utf-8", "replace")
        self.record(receipt.file(path, text))
        return text

    def mounts(self) -> dict[str, Mount]:
        """The container's mounts by their place; one that hides another counts."""
        found = self._bench.observer.ask("mounts", ANSWER_SECONDS, pid=self._host_pid)
        return {
            item["place"]: Mount(item["place"], item["kind"], tuple(item["options"]))
            for item in found
        }

    def usage(self) -> Usage:
        """Figures of the container's cgroup."""
        return Usage(**self._bench.observer.ask("cgroup", ANSWER_SECONDS, pid=self._host_pid))

    def watch_ends(self) -> Callable[[], tuple[Ending, ...]]:
        """Watch, from now on, how the processes that there are end. Calling the result when the
        container has ended tells it, the first process first. The observer attaches to them: see
        ``inside/witness.py``."""
        pid = self._host_pid
        ask = self._bench.observer.ask
        if not ask("watch", ANSWER_SECONDS, container=self.id):
            raise GraderError(f"The container's first process ({pid}) could not be watched.")

        def endings() -> tuple[Ending, ...]:
            found = ask("endings", ANSWER_SECONDS, container=self.id)
            return tuple(Ending(**each) for each in found)

        return endings

    def _look(self) -> tuple[Process, ...]:
        found = self._bench.observer.ask("processes", ANSWER_SECONDS, container=self.id)
        if not found:
            _ = self._host_pid
        return tuple(Process.from_dict(item) for item in found)
