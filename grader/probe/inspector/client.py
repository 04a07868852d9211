"""The host's side of the inspector: starts the pod, the observer or the log collector and talks to
it.

Answers come back as futures, so that a request may stay in flight while its container is stopped.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import struct
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from types import MappingProxyType
from typing import Any, Self

from grader.engine import companion, lock
from grader.engine.bases import inspector_tag
from grader.engine.client import Engine
from grader.engine.sandbox import MIB
from grader.engine.watch import Watch
from grader.probe.inspector.spare import Role, Spare, kind_of
from grader.verdict.outcome import EngineError, GraderError

_NO_TIME_WAIT = {"net.ipv4.tcp_max_tw_buckets": "0"}
"""The pod's network outlives its containers, where Docker gives each start a new one: without this
a port would stay taken after a server that closes first (Linux's ip-sysctl)."""
_HOST_CONFIG: dict[Role, dict[str, Any]] = {
    "pod": {"CapDrop": ["ALL"], "Sysctls": _NO_TIME_WAIT},
    "observer": {"CapDrop": ["ALL"], "CapAdd": ["SYS_PTRACE"], "PidMode": "host"},
    "collector": {"CapDrop": ["ALL"]},
}
ORDINARY_SHARES = 1024
"""Of a container, by Docker's own default: an inspector, which does little, does it at once."""
START_SECONDS = 20.0
IDLE_SECONDS = 0.5
"""What the last connections of a removed container may take to end."""


class Inspector:
    """One inspector container, alive until its stdin closes."""

    def __init__(self, watch: Watch, running: Spare) -> None:
        """Talk to one that runs and that nobody else talks to."""
        self.id = running.container
        self.gone = False
        self._watch = watch
        self._spare = running
        self._stream = running.stream
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._numbers = itertools.count()
        self._last: int | None = None
        self._ready: Future[None] = Future()
        self._write = threading.Lock()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @classmethod
    def start(
        cls,
        engine: Engine,
        watch: Watch,
        session: str,
        role: Role,
        sysctls: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        """Start one that belongs to ``session``; returns when the program inside answers.

        Raises EngineError, and GraderError when its image is missing.
        """
        host: dict[str, Any] = {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "Memory": 128 * MIB,
            "PidsLimit": 256,
            "SecurityOpt": ["no-new-privileges"],
            "AutoRemove": True,
            **_HOST_CONFIG[role],
        }
        if engine.facts.cpu_limits:
            host["CpuShares"] = 8 * ORDINARY_SHARES
        host["Sysctls"] = {**host.get("Sysctls", {}), **sysctls}
        if role == "collector":
            host["Mounts"] = [_volume(session)]
        body = {"Image": inspector_tag(), "Cmd": [role], "HostConfig": host}
        container, stream = companion.create(engine, session, "inspector", body)
        stream.settimeout(None)
        born = time.monotonic()
        inspector = cls(watch, Spare(kind_of(role, sysctls), container, stream, born))
        engine.start(container)
        inspector._wait_ready()
        return inspector

    def _wait_ready(self) -> None:
        self._watch.wait(lambda: self._ready.done() or self.gone, START_SECONDS)
        if not self._ready.done():
            raise EngineError("The lab's inspector did not start. Nothing was scored.")

    def is_idle(self) -> bool:
        """Whether it answers, and nothing of a grading is left in it: no request that still runs
        and, in a pod's network, no socket of any kind."""
        try:
            asked = self.send("idle", number=self._last, seconds=IDLE_SECONDS)
            return bool(self.answer(asked, START_SECONDS))
        except (EngineError, GraderError):
            return False

    def retire(self, *, keep: bool) -> Spare | None:
        """Give it up to whoever uses it next: its answers aren't read here any more. It ends where
        it isn't to be kept, isn't idle, or its stream can't be passed on."""
        self._last = next(self._numbers)
        if keep and type(self._stream) is socket.socket and self.is_idle():
            self._listener.join()
            return self._spare
        self.close()
        return None

    def send(self, op: str, *, number: int | None = None, **args: Any) -> Future[dict[str, Any]]:
        """Ask for something; the future's result is the answer. Raises EngineError."""
        number = next(self._numbers) if number is None else number
        future: Future[dict[str, Any]] = Future()
        future.add_done_callback(self._watch.ring)
        self._waiting[number] = future
        line = json.dumps({"id": number, "op": op, "args": args}) + "\n"
        try:
            with self._write:
                self._stream.sendall(line.encode())
        except OSError as error:
            raise EngineError("The lab's inspector is gone. Nothing was scored.") from error
        return future

    def ask(self, op: str, seconds: float, **args: Any) -> Any:
        """Ask and wait. Raises EngineError when no answer comes, GraderError when it is one."""
        return self.answer(self.send(op, **args), seconds)

    def answer(self, future: Future[dict[str, Any]], seconds: float) -> Any:
        """Wait for an answer asked for earlier. Raises as ``ask`` does."""
        self._watch.wait(lambda: future.done() or self.gone, seconds)
        if not future.done():
            raise EngineError("The lab's inspector did not answer. Nothing was scored.")
        reply = future.result()
        if "error" in reply:
            raise GraderError(f"The lab's inspector could not look: {reply['error']}")
        return reply["result"]

    def _listen(self) -> None:
        pending = b""
        with contextlib.suppress(OSError, ValueError):
            while header := self._read(8):
                stream, size = struct.unpack(">BxxxL", header)
                payload = self._read(size)
                if stream != 1:
                    continue
                *lines, pending = (pending + payload).split(b"\n")
                for line in lines:
                    if self._receive(json.loads(line)) == self._last:
                        return
        self.gone = True
        self._watch.ring()

    def _receive(self, reply: dict[str, Any]) -> int:
        """The number of what was answered; -1 for what wasn't asked."""
        if "ready" in reply:
            self._ready.set_result(None)
            self._watch.ring()
            return -1
        number: int = reply["id"]
        if future := self._waiting.pop(number, None):
            future.set_result(reply)
        return number

    def _read(self, size: int) -> bytes:
        chunks = b""
        while len(chunks) < size:
            chunk = self._stream.recv(size - len(chunks))
            if not chunk:
                raise OSError("closed")
            chunks += chunk
        return chunks

    def close(self) -> None:
        """End the program inside: the engine removes the container by itself."""
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)


def _volume(session: str) -> dict[str, Any]:
    """A volume of the session's own. The name is short: the path of a socket has a limit."""
    return {
        "Type": "volume",
        "Source": f"drydock-{session}",
        "Target": "/collector",
        "VolumeOptions": {"Labels": lock.labels(session)},
    }
