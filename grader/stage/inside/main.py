"""The stage's first process: runs one script after another for the grader.

One JSON object a line, both ways. The grader sends ``run``; until its ``end``, calls of stand-ins
are passed on as ``call`` and answered with ``reply``, or with ``read`` for a file first. Scripts
run as the same user as this process, which is why nobody may look into it (``_hide``), and nothing
of a script outlives it.
"""

import base64
import contextlib
import ctypes
import json
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, BinaryIO

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

if TYPE_CHECKING:
    from grader.stage.inside import tree
else:
    import tree

SOCKET = "/stage/run/socket"
ADDED = "/stage/added"
STAND_IN = "/stage/inside/stand_in.py"
PACKAGES = "/stage/packages"
SCRIPT = "/stage/run/step.sh"
TRACE = "/stage/run/trace"
TRACE_DESCRIPTOR = 19
LATE_SECONDS = 1.0
"""What those may take that a script has left behind, with its output in their hands."""
MAX_OUTPUT = 1 << 20
MAX_CALL = 8 << 20
MAX_TRACE = 2 << 20
PR_SET_DUMPABLE = 4
LIBC = ctypes.CDLL(None)


def main() -> None:
    _hide()
    orders = sys.stdin.buffer
    tell({"ready": True})
    while line := orders.readline():
        with listening() as listener:
            tell(Play(listener, orders, json.loads(line)).run())


def listening() -> socket.socket:
    """A socket for one script: the one before may have done anything to its own."""
    with contextlib.suppress(OSError):
        os.unlink(SOCKET)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    listener.listen(64)
    return listener


def tell(message: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def _hide() -> None:
    """A script that could open our streams could speak for us."""
    LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


class Play:
    """One script, from its files to its end."""

    def __init__(self, listener: socket.socket, orders: BinaryIO, order: dict[str, Any]) -> None:
        self.listener, self.orders, self.order = listener, orders, order
        self.waiting = selectors.DefaultSelector()
        self.pending: dict[int, bytes] = {}
        self.output = b""
        self.flooded = False

    def run(self) -> dict[str, object]:
        order = self.order
        tree.put(order["files"], order["gone"], order["fresh"])
        install(order["tools"], clean=True)
        tree.write(SCRIPT, order["script"])
        tree.write(TRACE, "")
        end: dict[str, object] = {"code": 126, "trouble": "", "timeout": False}
        try:
            process = self._start(order)
        except OSError as error:
            end["trouble"] = error.strerror or "unknown"
        else:
            end |= self._follow(process, time.monotonic() + order["seconds"])
        finish()
        trace = tree.read(TRACE) or b""
        if len(trace) >= tree.MAX_FILE_BYTES:
            end["trouble"] = "runs more commands than anybody would follow"
        files, trouble = tree.changes()
        output = self.output.decode("utf-8", "replace")
        return {
            **end,
            "end": True,
            "out": output,
            "trace": trace[:MAX_TRACE].decode("utf-8", "replace"),
            "flooded": self.flooded,
            "files": files,
            "too_much": trouble,
            "added": sorted(set(os.listdir(ADDED)) - {"python"}),
        }

    def _start(self, order: dict[str, Any]) -> subprocess.Popen[bytes]:
        shell, environment = order["shell"], order["env"]
        if os.path.basename(shell[0]) == "bash":  # its own trace, beside what it prints
            long = [word for word in shell[1:] if word.startswith("--")]
            short = [word for word in shell[1:] if not word.startswith("--")]
            shell = [shell[0], *long, "-x", *short]
            environment |= {"BASH_XTRACEFD": str(TRACE_DESCRIPTOR), "PS4": "+${LINENO}+"}
        with open(TRACE, "ab") as trace:
            os.dup2(trace.fileno(), TRACE_DESCRIPTOR)
        return subprocess.Popen(
            [SCRIPT if word == "{0}" else word for word in shell],
            cwd=order["cwd"],
            env=environment,
            pass_fds=(TRACE_DESCRIPTOR,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_limit,
        )

    def _follow(self, process: subprocess.Popen[bytes], until: float) -> dict[str, object]:
        """Serve the script until it ends, its time is over, or it prints without end."""
        assert process.stdout
        pipe, ended = process.stdout.fileno(), os.pidfd_open(process.pid)
        os.set_blocking(pipe, False)
        self.waiting.register(pipe, selectors.EVENT_READ, self._printed)
        self.waiting.register(self.listener, selectors.EVENT_READ, self._accept)
        self.waiting.register(ended, selectors.EVENT_READ, lambda _: process.poll())
        late = until
        while not self.flooded and (left := min(until, late) - time.monotonic()) > 0:
            for key, _ in self.waiting.select(left):
                key.data(key.fileobj)
            if process.returncode is not None and late == until:
                self.waiting.unregister(ended)
                late = time.monotonic() + LATE_SECONDS
            if process.returncode is not None and pipe not in self._files():
                break
        finish()
        if pipe in self._files():
            self._printed(pipe)
        for each in self._files() - {pipe, ended, self.listener}:
            each.close()
        self.waiting.close()
        process.stdout.close()
        os.close(ended)
        code = process.returncode
        timeout = code is None and not self.flooded
        code = 137 if code is None else code
        return {"code": code if code >= 0 else 128 - code, "timeout": timeout}

    def _files(self) -> set[Any]:
        return {key.fileobj for key in self.waiting.get_map().values()}

    def _printed(self, pipe: int) -> None:
        try:
            text = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return
        if not text:
            self.waiting.unregister(pipe)
        self.output += text
        self.flooded = len(self.output) > MAX_OUTPUT

    def _accept(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.settimeout(1.0)
        self.pending[connection.fileno()] = b""
        self.waiting.register(connection, selectors.EVENT_READ, self._heard)

    def _heard(self, connection: socket.socket) -> None:
        number = connection.fileno()
        try:
            text = connection.recv(1 << 16)
            self.pending[number] += text
            if not self.pending[number].endswith(b"\n"):
                if text and len(self.pending[number]) < MAX_CALL:
                    return
                raise ValueError("not a call")
            call = json.loads(self.pending[number])
            asked = {key: call[key] for key in ("argv", "cwd", "env", "in")}
            connection.sendall(json.dumps(self._ask(asked)).encode() + b"\n")
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no stand-in of ours, or one that is gone
        self.waiting.unregister(connection)
        connection.close()

    def _ask(self, call: dict[str, object]) -> dict[str, object]:
        tell({"call": call})
        while True:
            reply: dict[str, Any] = json.loads(self.orders.readline())
            if "read" not in reply:
                install(reply["install"])
                return reply
            path = os.path.join(str(call["cwd"]), str(reply["read"]))
            found = tree.read(path)
            tell({"content": None if found is None else base64.b64encode(found).decode()})


def install(names: Iterable[str], clean: bool = False) -> None:
    """Put programs on PATH that a runner doesn't have by itself."""
    for name in os.listdir(ADDED) if clean else ():
        os.unlink(os.path.join(ADDED, name))
    for name in names:
        for target, link in ((STAND_IN, name), (PACKAGES, "python")):
            if link != "python" or name == "pytest":
                with contextlib.suppress(FileExistsError):
                    os.symlink(target, os.path.join(ADDED, link))


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (tree.MAX_FILE_BYTES, tree.MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    LIBC.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # or /proc/self belongs to root
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def finish() -> None:
    """End everything but this process."""
    while True:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            while os.waitpid(-1, 0)[0]:
                pass
        except ChildProcessError:
            return


if __name__ == "__main__":
    main()
