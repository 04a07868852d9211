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
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Literal, cast

from grader.bases import inspector_tag
from grader.engine import Refused
from grader.outcome import EngineError, GraderError
from grader.sandbox import MIB
from grader.session import Session
from grader.watch import Watch

Role = Literal["pod", "observer", "collector"]

_HOST_CONFIG: dict[Role, dict[str, Any]] = {
    "pod": {"CapDrop": ["ALL"]},
    "observer": {"CapDrop": ["ALL"], "CapAdd": ["SYS_PTRACE"], "PidMode": "host"},
    "collector": {"CapDrop": ["ALL"]},
}
START_SECONDS = 20.0


class Inspector:
    """One inspector container, alive until its stdin closes."""

    def __init__(
        self, session: Session, watch: Watch, role: Role, sysctls: Mapping[str, str]
    ) -> None:
        self._watch = watch
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._numbers = itertools.count()
        self._ready: Future[None] = Future()
        self._write = threading.Lock()
        self.gone = False
        engine = session.engine
        host: dict[str, Any] = {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "Memory": 128 * MIB,
            "PidsLimit": 256,
            "SecurityOpt": ["no-new-privileges"],
            "AutoRemove": True,
            "Sysctls": dict(sysctls),
            **_HOST_CONFIG[role],
        }
        if role == "collector":
            host["Mounts"] = [_volume(session)]
        body = {
            "Image": inspector_tag(),
            "Cmd": [role],
            "Labels": session.labels,
            "OpenStdin": True,
            "StdinOnce": True,
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            "HostConfig": host,
        }
        try:
            self.id = session.owns(engine.create(body))
        except Refused as error:
            if error.status == 404:
                raise GraderError(
                    "The lab's inspector image is missing: run ./lab setup. Nothing was scored."
                ) from error
            raise
        self._stream = engine.attach(self.id)
        self._socket = cast(socket.socket, getattr(self._stream, "_sock", self._stream))
        self._socket.settimeout(None)
        threading.Thread(target=self._listen, daemon=True).start()
        engine.start(self.id)

    def wait_ready(self) -> None:
        """Return when the program inside answers. Raises EngineError."""
        self._watch.wait(lambda: self._ready.done() or self.gone, START_SECONDS)
        if not self._ready.done():
            raise EngineError("The lab's inspector did not start. Nothing was scored.")

    def send(self, op: str, **args: Any) -> Future[dict[str, Any]]:
        """Ask for something; the future's result is the answer. Raises EngineError."""
        number = next(self._numbers)
        future: Future[dict[str, Any]] = Future()
        future.add_done_callback(self._watch.ring)
        self._waiting[number] = future
        line = json.dumps({"id": number, "op": op, "args": args}) + "\n"
        try:
            with self._write:
                self._socket.sendall(line.encode())
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
                    self._receive(json.loads(line))
        self.gone = True
        self._watch.ring()

    def _receive(self, reply: dict[str, Any]) -> None:
        if "ready" in reply:
            self._ready.set_result(None)
            self._watch.ring()
        elif future := self._waiting.pop(reply["id"], None):
            future.set_result(reply)

    def _read(self, size: int) -> bytes:
        chunks = b""
        while len(chunks) < size:
            chunk = self._socket.recv(size - len(chunks))
            if not chunk:
                raise OSError("closed")
            chunks += chunk
        return chunks

    def close(self) -> None:
        """End the program inside: the engine removes the container by itself."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


def _volume(session: Session) -> dict[str, Any]:
    """A volume of the session's own. The name is short: the path of a socket has a limit."""
    options = {"Labels": session.labels}
    source = f"drydock-{session.id}"
    return {
        "Type": "volume",
        "Source": source,
        "Target": "/collector",
        "VolumeOptions": options,
    }
