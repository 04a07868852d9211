"""A second build after a change of the code, and what of it is new: layers that the first image
doesn't have.

How much may be new isn't known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grader.engine.image import Image
from grader.probe import layers as image_layers
from grader.probe.bench import Bench
from grader.probe.layers import Layer
from grader.probe.start import Rebuild
from grader.verdict.outcome import GraderError

CHANGE = b"\n# changed\n"
_MB = 1e6


@dataclass(frozen=True)
class Rebuilt:
    """The layers above the lab's base that the second build made, in their order."""

    new: tuple[Layer, ...]

    @property
    def megabytes(self) -> float:
        return sum(layer.size for layer in self.new) / _MB

    @property
    def rows(self) -> list[str]:
        """Each new layer's size and the instruction that made it."""
        return [f"{layer.size / _MB:.1f} MB by {layer.instruction[:70]}" for layer in self.new]

    @property
    def largest(self) -> str:
        """The instruction that made the largest new layer."""
        layer = max(self.new, key=lambda layer: layer.size, default=None)
        return layer.instruction[:70] if layer else "?"


def begin(
    image: Image, rebuild: Rebuild, given: Mapping[str, bytes], name: str, bench: Bench
) -> Callable[[], Rebuilt]:
    """Build again with one more line in the given file ``name``, beside what follows; calling the
    result waits for the second image and reads it."""
    building = rebuild({name: given[name] + CHANGE})
    return lambda: _compare(bench, image, building())


def _compare(bench: Bench, image: Image, rebuilt: Image) -> Rebuilt:
    made = image_layers.read(bench, rebuilt)
    new = (layer for layer in made.above if rebuilt.diffs[layer.index] not in image.diffs)
    return Rebuilt(tuple(new))


def require_cache(image: Image, rebuild: Rebuild) -> None:
    """Make sure that the engine keeps what it built, before a learner is blamed for layers that
    are new: a build of the same files has none. Raises GraderError."""
    if not set(image.diffs) <= set(rebuild({})().diffs):
        raise GraderError("The engine keeps no build cache at the moment. Nothing was scored.")
