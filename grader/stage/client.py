"""The grader's side of the stage: starts its container, sends scripts and answers their calls."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Self

from grader.engine import companion
from grader.engine.bases import stage_tag
from grader.engine.client import Engine
from grader.engine.sandbox import MIB
from grader.stage.script import Answer, Call, Ended, Files, Reply, Script
from grader.verdict.outcome import EngineError

PATH = "/stage/added:/stage/bin:/usr/local/bin:/usr/bin:/bin"
SECONDS = 20.0
"""What one script may take. None that is worth grading takes one."""
START_SECONDS = 20.0
LATE_SECONDS = 10.0
MEMORY = 384 * MIB
HOST_CONFIG = {
    "NetworkMode": "none",
    "ReadonlyRootfs": True,
    "CapDrop": ["ALL"],
    "SecurityOpt": ["no-new-privileges"],
    "Memory": MEMORY,
    "MemorySwap": MEMORY,
    "PidsLimit": 128,
    "AutoRemove": True,
    "Tmpfs": {
        "/home/runner": "rw,exec,nosuid,nodev,size=64m,uid=1000,gid=1000,mode=755",
        "/tmp": "rw,exec,nosuid,nodev,size=32m,uid=1000,gid=1000,mode=1777",  # noqa: S108 (of the container)
        "/app": "rw,exec,nosuid,nodev,size=16m,uid=1000,gid=1000,mode=755",
        "/stage/added": "rw,nosuid,nodev,size=1m,uid=1000,gid=1000,mode=755",
        "/stage/run": "rw,nosuid,nodev,size=24m,uid=1000,gid=1000,mode=755",
    },
}


class Stage:
    """A container that runs one script after another. It ends when its stream does."""

    def __init__(self, container: str, stream: socket.socket) -> None:
        self.container = container
        self._stream = stream
        self._lines: list[bytes] = []
        self._pending = b""
        self._said = ""
        self._files: dict[str, Any] = {}
        self._is_unknown = False
        """Whether a script has left more than could be told."""
        self._using = threading.Lock()

    @classmethod
    def start(cls, engine: Engine, session: str) -> Self:
        """Start one that belongs to ``session``. Raises EngineError, and GraderError when its
        image is missing."""
        body = {
            "Image": stage_tag(),
            "User": "1000:1000",
            "WorkingDir": "/home/runner",
            "HostConfig": HOST_CONFIG,
        }
        container, stream = companion.create(engine, session, "stage", body)
        stage = cls(container, stream)
        engine.start(container)
        stage._receive(START_SECONDS)
        return stage

    def run(self, script: Script, answer: Answer) -> Ended:
        """Run a script to its end. Raises EngineError when the container is gone, and whatever
        ``answer`` raises; the stage is of no use then."""
        with self._using:
            changed = {
                path: node for path, node in script.files.items() if self._files.get(path) != node
            }
            order = {
                "script": script.text,
                "shell": script.shell,
                "env": {**script.environment, "PATH": _path(script.environment)},
                "cwd": script.folder,
                "files": changed,
                "gone": sorted(self._files.keys() - script.files.keys() - _parents(script.files)),
                "tools": sorted(script.tools),
                "seconds": SECONDS,
                "fresh": self._is_unknown,
            }
            self._send(order)
            until = time.monotonic() + SECONDS + LATE_SECONDS
            while "end" not in (message := self._receive(until - time.monotonic())):
                if "call" in message:
                    self._send(_told(answer(self._call(message["call"], until))))
            return self._ended(script, message)

    def _call(self, call: Mapping[str, Any], until: float) -> Call:
        def read(path: str) -> bytes | None:
            self._send({"read": path})
            found = self._receive(until - time.monotonic())["content"]
            return None if found is None else base64.b64decode(found)

        return Call(tuple(call["argv"]), call["env"], call["cwd"], call["in"], read)

    def _ended(self, script: Script, end: Mapping[str, Any]) -> Ended:
        trouble = end["trouble"]
        if end["timeout"]:
            trouble = f"takes longer than {SECONDS:.0f} s"
        elif end["flooded"]:
            trouble = "prints more than 1 MiB"
        elif end["too_much"]:
            trouble = f"leaves {end['too_much']}"
        files: dict[str, Any] = dict(script.files)
        for path, node in end["files"].items():
            if node is None:
                files.pop(path, None)
            else:
                files[path] = tuple(map(str, node))
        self._is_unknown = bool(end["too_much"])
        self._files = {} if self._is_unknown else files
        tools = frozenset(end["added"])
        return Ended(end["code"], end["out"], end["trace"], files, tools, trouble)

    def _send(self, message: Mapping[str, Any]) -> None:
        try:
            self._stream.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise EngineError("The lab's stage is gone. Nothing was scored.") from error

    def _receive(self, seconds: float) -> dict[str, Any]:
        """The next message from inside. Raises EngineError when none comes in time."""
        until = time.monotonic() + seconds
        try:
            while not self._lines:
                self._stream.settimeout(max(until - time.monotonic(), 0.001))
                stream, size = struct.unpack(">BxxxL", self._read(8))
                payload = self._read(size)
                if stream != 1:
                    self._said = payload.decode(errors="replace")[-400:]
                else:
                    *self._lines, self._pending = (self._pending + payload).split(b"\n")
        except OSError as error:
            raise EngineError(
                f"The lab's stage is gone, or did not answer. Nothing was scored. {self._said}"
            ) from error
        found: dict[str, Any] = json.loads(self._lines.pop(0))
        return found

    def _read(self, size: int) -> bytes:
        chunks = bytearray()
        while len(chunks) < size:
            chunk = self._stream.recv(size - len(chunks))
            if not chunk:
                raise OSError("closed")
            chunks += chunk
        return bytes(chunks)

    def close(self) -> None:
        """End the program inside: the engine removes the container by itself."""
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)
        self._stream.close()


def _parents(files: Files) -> set[str]:
    """The folders that hold what is wanted."""
    return {str(folder) for path in files for folder in PurePosixPath(path).parents}


def _path(environment: Mapping[str, str]) -> str:
    own = environment.get("PATH")
    return own if own else PATH


def _told(reply: Reply) -> dict[str, Any]:
    return {
        "code": reply.code,
        "out": reply.out,
        "err": reply.err,
        "files": dict(reply.files),
        "exec": list(reply.become),
        "env": dict(reply.environment),
        "cwd": reply.folder,
        "install": list(reply.install),
    }
