"""Configurations whose text stands in the compose file itself (``content:``), as files beside it.

Compose puts variables into such a text; what it makes of it is what the file holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grader.compose import resolution


def placed(
    found: Mapping[str, Any], name: str, files: Mapping[str, bytes]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The document with ``file:`` in place of ``content:``, and the files with those texts.

    Raises LearnerFault with Compose's words.
    """
    declared = found.get("configs")
    declared = declared if isinstance(declared, dict) else {}
    texts = {
        key: {"content": options["content"]}
        for key, options in declared.items()
        if isinstance(options, dict) and isinstance(options.get("content"), str)
    }
    if not texts:
        return dict(found), dict(files)
    reader = {"image": "scorer", "configs": list(texts)}
    alone = {"services": {"scorer": reader}, "configs": texts}
    read = resolution.as_compose_reads(json.dumps(alone), name, files)["configs"]
    paths = {key: f".config-{number}" for number, key in enumerate(texts)}
    beside = {path: _unescaped(read[key]["content"]) for key, path in paths.items()}
    named = {key: {"file": f"./{path}"} for key, path in paths.items()}
    return {**found, "configs": {**declared, **named}}, {**files, **beside}


def _unescaped(printed: str) -> bytes:
    """``docker compose config`` prints what may be read again: each dollar twice."""
    return printed.replace("$$", "$").encode()
