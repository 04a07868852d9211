"""The Docker side: the client, builds, sessions that clean up after themselves, locks, the watch
over events, the sandbox's limits, what may be asked for, images, the lab's bases, GPUs.

It must not know exercises or answers, and it never judges. ``client`` is the only module that
imports docker-py, ``build`` the only one that builds.
"""

__all__ = [
    "bases",
    "build",
    "buildgroup",
    "capability",
    "client",
    "cliplugins",
    "gpu",
    "image",
    "lock",
    "permitted",
    "sandbox",
    "session",
    "watch",
]
