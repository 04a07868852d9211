"""The Docker side: the client, builds, sessions that clean up after themselves, locks, the watch
over events, the sandbox's limits, what may be asked for, images, the lab's bases, GPUs, where the
engine is and which one is none to grade on.

It must not know exercises or answers, and it never judges. Only ``client`` and its
nouns import docker-py, and only ``build`` builds.
"""

__all__ = [
    "bases",
    "build",
    "buildgroup",
    "capability",
    "client",
    "cliplugins",
    "companion",
    "gpu",
    "image",
    "location",
    "lock",
    "nvidia_smi",
    "patience",
    "permitted",
    "rules",
    "sandbox",
    "session",
    "tarball",
    "unfit",
    "watch",
]
