"""Looking: the bench with its pod and observer, running containers, images' layers, build tools,
package caches, planted values and the search for them.

Probes return frozen facts and record how a person sees the same; they never judge, and they know
no answer and no exercise.
"""

__all__ = [
    "bench",
    "buildtools",
    "canaries",
    "collector",
    "container",
    "inspector",
    "layers",
    "packagecache",
    "search",
    "start",
]
