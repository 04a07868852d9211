"""Scripts on the stage, each run once for all scenarios in which the world answers it the same.

A script that was run before is gone through again call by call: where every call has the answer
that it had, so has the script. Where one differs, the machine goes back and bash really runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Self

from grader.engine.session import Session
from grader.stage import Answer, Call, Ended, Files, Reply, Script, Stage
from grader.verdict.outcome import EngineError, GraderError
from grader.workflow import program, unknown
from grader.workflow.concrete import Concrete
from grader.workflow.machine import Machine

FAILS = Reply(1, err="failed\n")


@dataclass
class _Known:
    """A script that was run: what it called, was told and read, and how it ended."""

    calls: list[tuple[Call, Reply, dict[str, bytes | None]]] = field(default_factory=list)
    ended: Ended | None = None


class Rehearsal:
    """The scripts of one grading, on a stage of ``session``'s that starts in the background."""

    def __init__(self, session: Session) -> None:
        self.concrete = Concrete()
        self.ran = 0
        """How many scripts bash really ran."""
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="stage")
        self._stage = self._pool.submit(Stage.start, session.engine, session.id)
        self._known: defaultdict[str, list[_Known]] = defaultdict(list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        with contextlib.suppress(EngineError, GraderError):
            self._stage.result().close()
        self._pool.shutdown()

    def run(self, machine: Machine, script: Script, fails: frozenset[int] = frozenset()) -> Ended:
        """How a script ends on this machine, which then is as the script left it.

        Calls that nobody can answer end with 0 and an unknown output, those with a number in
        ``fails`` with 1; ``machine.unknown`` names them. Raises NotInLab and EngineError.
        """
        known = self._known[_key(script)]
        before = machine.save()
        for each in known:
            if self._repeats(machine, each, fails):
                assert each.ended
                return each.ended
            machine.restore(before)
        fresh = _Known()
        machine.unknown = ()
        fresh.ended = self._stage.result().run(script, self._answer(machine, fails, fresh))
        self.ran += 1
        known.append(fresh)
        return fresh.ended

    def look(self, script: Script) -> Ended:
        """How a script of ours ends, which calls nothing."""
        return self._stage.result().run(script, lambda call: Reply())

    def _answer(self, machine: Machine, fails: frozenset[int], known: _Known) -> Answer:
        def answer(call: Call) -> Reply:
            seen: dict[str, bytes | None] = {}

            def read(path: str) -> bytes | None:
                path = self.concrete.out(path)
                if path not in seen:
                    seen[path] = call.read(path)
                return seen[path]

            reply = self._replied(machine, replace(call, read=read), fails)
            known.calls.append((call, reply, seen))
            return reply

        return answer

    def _repeats(self, machine: Machine, known: _Known, fails: frozenset[int]) -> bool:
        """Whether the world answers all of a script's calls as it did before."""
        machine.unknown = ()
        for call, before, seen in known.calls:

            def read(path: str, seen: dict[str, bytes | None] = seen) -> bytes | None:
                return seen.get(self.concrete.out(path))

            if self._replied(machine, replace(call, read=read), fails) != before:
                return False
        return True

    def _replied(self, machine: Machine, call: Call, fails: frozenset[int]) -> Reply:
        back, out = self.concrete.back, self.concrete.out
        marked = replace(call, argv=tuple(map(back, call.argv)), given=back(call.given))
        reply = program.answer(machine, marked)
        if reply is None:
            machine.unknown = (*machine.unknown, " ".join(marked.argv)[:80])
            reply = FAILS if len(machine.unknown) - 1 in fails else _unknown(marked)
        return replace(
            reply,
            out=out(reply.out),
            err=out(reply.err),
            files={out(path): out(text) for path, text in reply.files.items()},
            become=tuple(map(out, reply.become)),
            environment={key: out(value) for key, value in reply.environment.items()},
            folder=out(reply.folder),
        )


def _unknown(call: Call) -> Reply:
    """A program that works, as far as one can tell: what it says is its own."""
    said = unknown.mark(f"output of {' '.join(call.argv)[:200]}")
    words = list(call.argv)
    named = {"-o", "--output", "-O", "--output-document"} & set(words[:-1])
    targets = [words[words.index(name) + 1] for name in named]
    if targets and targets[0] not in ("-", "/dev/null") and words[0] in ("curl", "wget", "gh"):
        return Reply(files={targets[0]: said})
    return Reply(out=f"{said}\n")


def _key(script: Script) -> str:
    parts = (
        script.text,
        script.shell,
        sorted(script.environment.items()),
        script.folder,
        sorted(script.tools),
        _state(script.files),
    )
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _state(files: Files) -> list[tuple[str, ...]]:
    return sorted((path, *node) for path, node in files.items())
