"""The inspector's main loop: one JSON request a line on stdin, one JSON answer a line on stdout.

Runs in a container of ours with nothing but Python's standard library, as the pod (``pod``: the
network namespace that student containers join) or as the observer (``observer``: the host's pid
namespace). It ends when stdin ends, so it never outlives the grader that started it.
"""

import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
LOOK_SECONDS = 0.004


class Program:
    """One role's operations, each request in a thread of its own."""

    def __init__(
        self, operations: dict[str, Callable[..., Any]], is_empty: Callable[[], bool]
    ) -> None:
        self._operations = {**operations, "idle": self._idle}
        self._is_empty = is_empty
        self._lock = threading.Lock()
        self._running = 0

    def _idle(self, seconds: float) -> bool:
        """Whether, within ``seconds``, nothing runs but this question, and nothing is left."""
        deadline = time.monotonic() + seconds
        while True:
            with self._lock:
                alone = self._running == 1
            if alone and self._is_empty():
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)

    def _answer(self, request: dict[str, Any]) -> None:
        try:
            result = self._operations[request["op"]](**request["args"])
            reply = {"id": request["id"], "result": result}
        except Exception as error:
            reply = {"id": request["id"], "error": f"{type(error).__name__}: {error}"}
        self._say(reply, ended=1)

    def _say(self, reply: dict[str, Any], ended: int = 0) -> None:
        line = json.dumps(reply) + "\n"
        with self._lock:
            sys.stdout.write(line)
            sys.stdout.flush()
            self._running -= ended

    def serve(self) -> None:
        """Answer until stdin ends."""
        self._say({"ready": True})
        for line in sys.stdin:
            with self._lock:
                self._running += 1
            threading.Thread(target=self._answer, args=(json.loads(line),), daemon=True).start()


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    role = importlib.import_module(sys.argv[1])
    Program(role.OPERATIONS, getattr(role, "is_empty", lambda: True)).serve()
    os._exit(0)


if __name__ == "__main__":
    main()
