"""An image looked at from three sides at once: its service at work with a read-only root, what it
holds, and a second build after a change of the code.

A service that doesn't serve with a read-only root is started with a writable one, so that the rest
can be looked at all the same. What each side should show isn't known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader.engine.image import Image
from grader.judging import contents, health, leaks
from grader.judging.contents import Contents
from grader.judging.scenes import rebuild as rebuilds
from grader.judging.scenes.rebuild import Rebuilt
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Rebuild, Start
from grader.verdict.outcome import LearnerFault

PROBE_SECONDS = 5.0
"""What a probe may take here: starting Python takes a while on a busy machine."""
PAUSE_SECONDS = 1.0
TMP = "rw,nosuid,nodev,size=64m"


@dataclass(frozen=True)
class Life:
    """The service at work. ``refusal`` is why it didn't serve with a read-only root."""

    container: Container
    refusal: LearnerFault | None


@dataclass(frozen=True)
class Inspection:
    """What goes on side by side: calling ``life``, ``contents`` or ``rebuilt`` waits for it, and
    may raise LearnerFault."""

    life: Callable[[], Life]
    contents: Callable[[], Contents]
    rebuilt: Callable[[], Rebuilt]


def begin(
    image: Image,
    start: Start,
    rebuild: Rebuild,
    given: Mapping[str, bytes],
    bench: Bench,
    *,
    code: str,
    secrets: Sequence[str],
) -> Inspection:
    """Begin all three. ``code`` is the given file that is changed, ``secrets`` are given files that
    hold a secret."""
    return Inspection(
        live(image, start, bench, health.gentle(PROBE_SECONDS, PAUSE_SECONDS)),
        contents.look(bench, image, leaks.needles(given, secrets)),
        rebuilds.begin(image, rebuild, given, code, bench),
    )


def live(image: Image, start: Start, bench: Bench, config: Mapping[str, Any]) -> Callable[[], Life]:
    """Start the service beside what follows; calling the result waits until it serves. Raises
    LearnerFault when it doesn't serve either way."""
    writable = dict.fromkeys((*image.volumes, "/tmp"), TMP)  # noqa: S108

    def begun() -> Life:
        try:
            host = {"ReadonlyRootfs": True, "Tmpfs": writable}
            return Life(start(image, config=config, host=host), None)
        except LearnerFault as fault:
            return Life(start(image, config=config), fault)

    return bench.beside(begun)
