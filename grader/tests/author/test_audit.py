"""Each rule of the audit finds what it is for: a course that was broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from grader.author import audit
from grader.tests.author.conftest import Copy

AUDIT = """
from grader.exercise import catalog
from grader.author import audit
for problem in audit.of_course(): print(problem)
for exercise in catalog.discover().values():
    for problem in audit.of_exercise(exercise): print(exercise.id + ": " + problem)
"""
EXERCISE = "exercises/01_security/nonroot_user"
CHECKS = "grader/checks/01_security/test_nonroot_user.py"
VARIANTS = "grader/tests/variants/nonroot_user"


def _edit(file: str, old: str, new: str) -> Callable[[Path], None]:
    def edit(root: Path) -> None:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text
        (root / file).write_text(text.replace(old, new), encoding="utf-8")

    return edit


def _write(file: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text("x")

    return write


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "starter": (lambda root: (root / EXERCISE / "Dockerfile").unlink(), "the starter Dockerfile"),
    "solution": (_write("solutions/01_security/nonroot_user/notes.txt"), "stray file: notes.txt"),
    "minutes": (_edit(f"{EXERCISE}/exercise.toml", "minutes = 10", "minutes = 0"), "minutes says"),
    "declared": (
        _edit(f"{EXERCISE}/exercise.toml", '"no_capabilities"', '"no_such_check"'),
        "starter_fails names no_such_check",
    ),
    "hint": (
        _edit(CHECKS, '"Which user runs CMD when the Dockerfile doesn\'t say?"', '" "'),
        "process_not_root: a hint is empty",
    ),
    "points": (_edit(CHECKS, "points(2)", "points(0)"), "process_not_root: it is worth nothing"),
    "variant": (_write(f"{VARIANTS}/root_renamed/app.py"), "root_renamed has a stray file: app.py"),
    "no-variant": (_write(f"{VARIANTS}/empty/Dockerfile"), "empty has no variant.toml"),
    "verdict": (
        _edit(f"{VARIANTS}/does_not_build/variant.toml", '"builds"', '"compiles"'),
        "does_not_build names compiles, which is no check",
    ),
    "stray-exercise": (
        _write("exercises/01_security/half_done/Dockerfile"),
        "exercises/01_security/half_done belongs to no exercise",
    ),
    "stray-checks": (
        _write("grader/checks/01_security/test_gone.py"),
        "grader/checks/01_security/test_gone.py belongs to no exercise",
    ),
    "quiz": (_edit("exercises/01_security/quiz.toml", "right = true", "right = false"), "right"),
    "notebook": (_edit("notebooks/01_security.ipynb", "# Security", "# Safety"), "isn't in step"),
    "picture": (
        _edit("notebooks/source/01_security.md", "# Security", "# Security\n\n![](x.png)"),
        "a picture has no text",
    ),
    "grade-cell": (
        _edit("notebooks/source/01_security.md", 'grade("nonroot_user")', "print()"),
        "no notebook has a grade cell for nonroot_user",
    ),
}


def test_course_as_it_is_has_nothing_to_mend() -> None:
    """Otherwise the test below could find anything. Exercises have this in test_catalog.py."""
    assert list(audit.of_course()) == []


@pytest.fixture(scope="module")
def found(copy: Copy) -> str:
    """What the audit says of a course that is broken in every way at once."""
    for broken, _ in BROKEN.values():
        broken(copy.root)
    done = copy.python("-c", AUDIT)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("rule", BROKEN)
def test_broken_course_is_noticed(found: str, rule: str) -> None:
    """A rule that nothing breaks is not tested."""
    _, said = BROKEN[rule]
    assert said in found
