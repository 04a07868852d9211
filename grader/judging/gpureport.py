"""What a program says of the GPUs that it may use: one JSON object on stdout, however it is laid
out and whatever stands on stderr."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Printed:
    """What ``gpu_report.py`` printed in one run: its JSON object (or None), exit code, output and
    what it said on stderr."""

    content: Mapping[str, Any] | None
    code: int | None
    output: str
    errors: str = ""

    @property
    def uuids(self) -> list[str] | None:
        """The uuids that it names, in order; None when it names them in no readable way."""
        gpus = self.content.get("gpus") if self.content else None
        if not isinstance(gpus, list) or not all(isinstance(item, dict) for item in gpus):
            return None
        return [str(item.get("uuid")) for item in gpus]

    @property
    def indices(self) -> list[str]:
        """The numbers beside the uuids, as text; "None" where there is none."""
        gpus = (self.content or {}).get("gpus") or ()
        return [str(item.get("index")) for item in gpus]


def read(block: str, errors: str) -> Printed:
    """One run: its stdout with the exit code as the last line, and its stderr."""
    *lines, last = block.strip().splitlines() or [""]
    output, code = "\n".join(lines), int(last) if last.isdigit() else None
    starts = [0, *(match.start() for match in re.finditer(r"^\{", output, re.MULTILINE))]
    for text in (output[start:] for start in dict.fromkeys(starts)):
        for candidate in (text, text.partition("\n")[0]):
            content = _object(candidate)
            if content is not None:
                return Printed(content, code, output, errors.strip())
    return Printed(None, code, output, errors.strip())


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def assert_reports(printed: Printed, wanted: Sequence[str], where: str) -> None:
    """The list, the device that goes with it, and a good end; ``where`` begins the sentence."""
    assert printed.uuids == list(wanted), (
        f"{where}{said(printed)}; CUDA would use {', '.join(wanted) or 'none'}."
    )
    device = (printed.content or {}).get("device")
    expected = "cuda" if wanted else "cpu"
    assert device == expected, (
        f'{where}With {"a GPU" if wanted else "no GPU to use"} the device is "{expected}"; '
        f"it says {device!r}."
    )
    assert printed.code == 0, (
        f"{where}It reported well and then ended with exit code {printed.code}."
    )


def said(printed: Printed) -> str:
    """What a run came to, in a few words."""
    if printed.content is not None:
        return f"It printed {json.dumps(dict(printed.content))[:300]}"
    said = printed.errors or printed.output.strip()
    last = said.splitlines()[-1:] or ["nothing"]
    return f"It printed no JSON object and ended with exit code {printed.code}: {last[0][:200]}"
