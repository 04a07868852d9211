"""The scene of a leak: a service does its normal work and then takes more memory than it may have.

Whether the kernel's OOM killer ended it is the kernel's own word (``Container.watch_ends``), told
of the processes that served before the leak: an exit code can be chosen, and the engine's event
gets lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.engine.image import Image
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.facts import Ending, Exit, Response, Usage

BATCH = {"rows": [[1.0, 2.0, 3.0]] * 8}
LEAK_SECONDS = 15.0
END_SECONDS = 3.0


@dataclass(frozen=True)
class Leak:
    """One life of the service: what the kernel held it to, its normal load, what the leak came to
    (None where it wasn't tried), and how the container ended (None where it lives on)."""

    container: Container
    usage: Usage
    load: Response
    answer: Response | None
    end: Exit | None
    endings: tuple[Ending, ...]

    @property
    def is_oom(self) -> bool:
        """Whether the OOM killer ended a process that was there before."""
        return any(ending.is_oom for ending in self.endings)


def play(
    image: Image,
    start: Start,
    *,
    config: Mapping[str, Any],
    host: Mapping[str, Any],
    leak_mib: int,
) -> Leak:
    """Start the service, give it a batch, and have it leak ``leak_mib`` MiB; 0 for no leak."""
    container = start(image, config=config, host=host)
    usage = container.usage()
    endings = container.watch_ends()
    body = json.dumps(BATCH).encode()
    load = container.send("/predict", method="POST", body=body, receipt=False)()
    answer = None
    if not load.error and leak_mib:
        path = f"/leak?mib={leak_mib}"
        answer = container.send(path, method="POST", timeout=LEAK_SECONDS, receipt=False)()
    is_over = load.error or (answer and answer.error)
    end = container.wait_exit(END_SECONDS) if is_over else None
    return Leak(container, usage, load, answer, end, endings() if end else ())
