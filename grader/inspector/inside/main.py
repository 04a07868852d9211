"""The inspector's main loop: one JSON request a line on stdin, one JSON answer a line on stdout.

Runs in a container of ours with nothing but Python's standard library, as the pod (``pod``: the
network namespace that student containers join) or as the observer (``observer``: the host's pid
namespace). It ends when stdin ends, so it never outlives the grader that started it.
"""

import json
import os
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if sys.argv[1] == "pod":
        import pod as room
    else:
        import observer as room
    lock = threading.Lock()

    def answer(request: dict) -> None:
        try:
            reply = {
                "id": request["id"],
                "result": room.OPERATIONS[request["op"]](**request["args"]),
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
