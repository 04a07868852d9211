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
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    operations = importlib.import_module(sys.argv[1]).OPERATIONS
    lock = threading.Lock()

    def answer(request: dict[str, Any]) -> None:
        try:
            reply = {
                "id": request["id"],
                "result": operations[request["op"]](**request["args"]),
            }
        except Exception as error:
            reply = {"id": request["id"], "error": f"{type(error).__name__}: {error}"}
        line = json.dumps(reply) + "\n"
        with lock:
            sys.stdout.write(line)
            sys.stdout.flush()

    with lock:
        sys.stdout.write('{"ready": true}\n')
        sys.stdout.flush()
    for line in sys.stdin:
        threading.Thread(target=answer, args=(json.loads(line),), daemon=True).start()
    os._exit(0)


if __name__ == "__main__":
    main()
