"""Whether this container has a GPU. Given."""

from pathlib import Path


def available():
    return any(Path("/dev").glob("nvidia[0-9]*"))
