"""GitHub's hosted runners: which labels there are, and which are gone (``runners.toml``)."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_OURS = re.compile(r"(ubuntu|windows|macos)-[\d.]+(-\w+)?$|(ubuntu|windows|macos)-latest$")


@functools.cache
def _table() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("runners.toml").read_text(encoding="utf-8"))


def absent(labels: Any) -> str:
    """Why no runner would take a job with these ``runs-on``; empty where one may."""
    if isinstance(labels, Mapping):
        labels = labels.get("labels") or ()
    known = _table()
    for label in [labels] if isinstance(labels, str) else labels or ():
        name = str(label).lower()
        if since := known["gone"].get(name):
            return f"runs-on: {label}: GitHub has no such runners any more (since {since})"
        if _OURS.match(name) and name not in known["labels"]:
            return f"runs-on: {label}: GitHub has no such runners, and never had"
    return ""
