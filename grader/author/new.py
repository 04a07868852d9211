"""A new exercise from the template: small, working, and with its texts still to be written."""

from __future__ import annotations

import re
from pathlib import Path

from grader.exercise import catalog, project
from grader.verdict.outcome import UsageError

TEMPLATE = Path(__file__).parent / "template"
_NAME = re.compile(r"[a-z][a-z0-9_]{2,40}")
_SECTION = re.compile(r"\d\d_[a-z][a-z0-9_]*")


def create(place: str) -> list[Path]:
    """Make ``SECTION/EXERCISE`` with starter, solution, checks and variants; returns the files.

    Raises UsageError when the name is taken or can't be one, and leaves nothing then.
    """
    section, _, name = place.strip("/").partition("/")
    if not _SECTION.fullmatch(section) or not _NAME.fullmatch(name):
        raise UsageError(
            f"{place!r} is no place for an exercise; write it like 01_security/nonroot_user: "
            "small letters, digits and underscores."
        )
    if name in catalog.discover():
        raise UsageError(f"There is an exercise called {name} already.")
    folders = {
        "exercise": project.EXERCISES / section / name,
        "solution": project.SOLUTIONS / section / name,
        "checks": project.CHECKS / section,
        "variants": project.VARIANTS / name,
    }
    for kind in ("exercise", "solution", "variants"):
        if folders[kind].exists():
            raise UsageError(f"{folders[kind].relative_to(project.ROOT)} is there already.")
    written = []
    for source in sorted(path for path in TEMPLATE.rglob("*") if path.is_file()):
        kind, *rest = source.relative_to(TEMPLATE).parts
        target = folders[kind].joinpath(*rest)
        if kind == "checks":
            target = target.with_name(f"test_{name}.py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(source.read_text(encoding="utf-8").replace("EXERCISE", name))
        written.append(target)
    return written
