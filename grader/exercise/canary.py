"""What an exercise says of its canaries: values that each grading draws anew (see probe.canaries).

It knows where a value goes and never a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Plan:
    """One value that is drawn anew for each grading.

    ``file`` names the given file in which it takes the place of ``sample``; ``build_secret``,
    ``build_argument`` and ``run_file`` say where else it is handed out. A ``public`` one is no
    secret: it makes a grading's build its own.
    """

    name: str
    file: str = ""
    sample: str = ""
    build_secret: str = ""
    build_argument: str = ""
    run_file: str = ""
    public: bool = False


def plans(data: Mapping[str, Mapping[str, Any]]) -> tuple[Plan, ...]:
    """The table ``canaries`` of an exercise.toml. Raises TypeError for an unknown key."""
    return tuple(Plan(name, **each) for name, each in data.items())
