"""The Docker side: the client, builds, sessions that clean up after themselves, locks, the watch
over events, the sandbox's limits, what may be asked for, images, the lab's bases, GPUs.

It must not know exercises or answers, and it never judges. Only ``client``, its nouns and
``location`` import docker-py, and only ``build`` builds.
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
    "location",
    "lock",
    "permitted",
    "sandbox",
    "session",
    "watch",
]
