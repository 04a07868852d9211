"""What a command did to each assignment or student, a line each, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from grader.cli.terminal import painted


def show(done: Iterable[Mapping[str, Any]], form: str, *, as_json: bool) -> None:
    """A line for each; what went wrong in place of what was done."""
    for each in done:
        if as_json:
            print(json.dumps(dict(each), ensure_ascii=False))
        elif each.get("problem"):
            who = each.get("student") or each.get("assignment")
            what = f" {each['source']}:" if "source" in each else ""
            print(painted(f"  {who}:{what} {each['problem']}", "35"))
        else:
            print(f"  {form.format(**each)}".rstrip())
