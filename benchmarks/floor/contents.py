"""What an image holds, read with the project's own reader: a bare script would need the same."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from floor.script import Script
from grader.engine import image as images
from grader.engine.client import Engine
from grader.engine.sandbox import LIMITS
from grader.probe import layers


def read(script: Script, needles: Mapping[str, bytes]) -> None:
    """Read the image's layers and its file system, and look for ``needles``.

    The reader is given no more than a client. It asks for some images more than once; here each is
    asked for once.
    """
    engine: Any = Engine(script.client, {})
    engine.facts = SimpleNamespace(cpus=2)
    engine.image = functools.cache(engine.image)
    engine.history = functools.cache(engine.history)
    session = SimpleNamespace(labels={}, owns=lambda container: container)
    bench: Any = SimpleNamespace(engine=engine, session=session, limits=LIMITS, later=script.beside)
    found = layers.read(bench, images.inspect(engine, script.image), needles)
    layers.filesystem(bench, found)
