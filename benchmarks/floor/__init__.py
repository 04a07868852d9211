"""The floor: the engine calls of an exercise's checks from a bare script, nothing around them.

No pytest, no process of its own, no evidence, no verdicts, no waiting that the checks don't do.
What was made is removed before the clock stops. Each function is named after its exercise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import ModuleType

from floor import core, delivery, health, limits, logs, production, restarts, security, shutdown
from floor.script import Script
from grader.exercise.catalog import Exercise

MODULES: tuple[ModuleType, ...] = (
    *(core, security, health, restarts, shutdown),
    *(limits, logs, production, delivery),
)
OBSERVED = frozenset().union(*(module.OBSERVED for module in MODULES))
CALLS: Mapping[str, Callable[[Script], None]] = {
    name: call
    for module in MODULES
    for name, call in vars(module).items()
    if getattr(call, "__module__", None) == module.__name__ and not name.startswith("_")
}
"""What a bare script does for each exercise."""


def seconds(exercise: Exercise) -> float:
    """Wall-clock seconds of the bare script for one exercise."""
    begun = time.monotonic()
    script = Script(exercise, observed=exercise.id in OBSERVED)
    try:
        CALLS[exercise.id](script)
    finally:
        script.close()
    return time.monotonic() - begun
