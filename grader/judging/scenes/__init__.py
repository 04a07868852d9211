"""Scenes: what is played with containers before anything can be judged. Start one, put a batch in
flight, stop it, look.

A scene is given the image and the means to start containers, and returns what happened as a frozen
dataclass of facts. It never says whether that is good, knows no points and no hints, and doesn't
import pytest: when it is played, and how often, is the check module's business.
"""

__all__ = [
    "crowding",
    "drain",
    "inspection",
    "leak",
    "lingering",
    "loading",
    "missing",
    "prediction",
    "production",
    "rebuild",
    "startup",
]
