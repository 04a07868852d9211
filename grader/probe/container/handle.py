"""What all views of a container share: its id, its image, its state, and where evidence goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.probe.container import receipt
from grader.verdict.facts import Logs, State
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence
from grader.verdict.text import clean, last_line

_EXEC = re.compile(r"exec (/\S+): no such file or directory")
ANSWER_SECONDS = 10.0


class Handle:
    """One container on a bench; removed with its session at the latest."""

    def __init__(self, bench: Bench, image: Image, identity: str) -> None:
        self._bench = bench
        self.image = image
        self.id = identity

    @property
    def state(self) -> State:
        return _state(self._bench.engine.inspect(self.id))

    def stretched(self, seconds: float) -> float:
        """So many seconds by the clock on the wall as are worth ``seconds`` on this machine now."""
        return self._bench.watch.metronome.stretched(seconds)

    def is_later(self, seconds: float, limit: float) -> bool:
        """Whether what took ``seconds`` until now took longer than ``limit``. Raises
        MachineTooBusy."""
        return self._bench.watch.metronome.is_later(seconds, limit)

    def record(self, evidence: Evidence) -> None:
        """Leave evidence for the check that runs now."""
        self._bench.record(evidence)

    def logs(self) -> Logs:
        """Everything printed so far."""
        logs = self._read_logs()
        self.record(receipt.logs(logs))
        return logs

    def lines(self) -> Logs:
        """The same, for a check that leaves a receipt of its own."""
        return self._read_logs()

    def _read_logs(self) -> Logs:
        engine = self._bench.engine
        return Logs(
            _lines(engine.logs(self.id, stdout=True, stderr=False)),
            _lines(engine.logs(self.id, stdout=False, stderr=True)),
        )

    def last_words(self) -> str:
        """A sentence with the last line that was printed, for a message; empty where none was."""
        said = last_line(self._read_logs().lines)
        why = self._missing_interpreter(said)
        return f" Its last line was {said[:200]!r}.{why}" if said else ""

    def _missing_interpreter(self, said: str) -> str:
        """The kernel says of a script that isn't there what is true of its interpreter."""
        match = _EXEC.fullmatch(said)
        content = self._bench.engine.get_file(self.id, match[1]) if match else None
        words = content[2:200].split(None, 1) if content and content.startswith(b"#!") else ()
        if not words or not match:
            return ""
        named = clean(words[0].decode("utf-8", "replace"))
        return f" {match[1]} is there; its first line names {named}, and that isn't."

    def _log_evidence(self, expected: str) -> Evidence:
        return receipt.logs(self._read_logs(), expected)

    @property
    def _host_pid(self) -> int:
        pid = self.state.pid
        if not pid:
            raise LearnerFault(
                "The container is not running any more.",
                self._log_evidence("a service that keeps running"),
            )
        return pid

    def remove(self) -> None:
        """Remove at once and by force."""
        self._bench.engine.remove(self.id)


def _lines(printed: bytes) -> tuple[str, ...]:
    return tuple(
        printed.decode("utf-8", "replace").removesuffix("\n").split("\n") if printed else ()
    )


def _state(data: Mapping[str, Any]) -> State:
    state = data["State"]
    return State(
        running=state["Running"],
        exit_code=state["ExitCode"],
        restarts=data["RestartCount"],
        error=state["Error"],
        health=(state.get("Health") or {}).get("Status", ""),
        pid=state["Pid"],
    )
