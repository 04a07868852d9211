"""Containers of the lab's own beside the learner's: made, and talked to over their own streams.

It knows nothing of what is said there; each ends when its stream does.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, cast

from grader.engine import lock
from grader.engine.client import Engine
from grader.engine.client.call import Refused
from grader.verdict.outcome import GraderError


def create(
    engine: Engine, session: str, called: str, body: Mapping[str, Any]
) -> tuple[str, socket.socket]:
    """(id, raw stream) of a container that belongs to ``session`` and isn't started yet.

    Raises EngineError, and GraderError when there is no image; ``called`` names it for people.
    """
    whole = {
        **body,
        "Labels": lock.labels(session),
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
    }
    try:
        container = engine.create(whole)
    except Refused as error:
        if error.status == 404:
            raise GraderError(
                f"The lab's {called} image is missing: run ./lab setup. Nothing was scored."
            ) from error
        raise
    attached = engine.attach(container)
    return container, cast(socket.socket, getattr(attached, "_sock", attached))
