"""Pictures of what an engine really did, for notebooks: measured data in, an image out.

``recording`` looks at a container while a cell does something with it; the other functions draw
what was measured. Nothing here starts, stops or judges a container, and nothing knows exercises.
"""

from __future__ import annotations

from grader.draw.cpu import cpu_slices
from grader.draw.health import health_states
from grader.draw.layers import layer_bars
from grader.draw.measured import EngineEvent, Mark, Probe, Request, Sample
from grader.draw.memory import memory_curve
from grader.draw.picture import Picture
from grader.draw.recording import Recording, recording
from grader.draw.shutdown import shutdown_timeline

__all__ = [
    "EngineEvent",
    "Mark",
    "Picture",
    "Probe",
    "Recording",
    "Request",
    "Sample",
    "cpu_slices",
    "grid",
    "health_states",
    "layer_bars",
    "layers",
    "memory_curve",
    "picture",
    "recording",
    "shutdown_timeline",
    "svg",
    "timeline",
]
