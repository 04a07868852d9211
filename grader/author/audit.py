"""What an author has to mend, found by reading the tree: no engine is needed.

Every rule is about one exercise, one quiz, one notebook, or files that belong to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from grader.author import variant
from grader.exercise import catalog, project
from grader.exercise.catalog import Exercise
from grader.verdict.outcome import UsageError

MIN_QUESTIONS = 4
MAX_HINTS = 3
MIN_RIGHT_VARIANTS = 2
TEMPLATE_MARK = "(write this)"
"""Stands in everything of the template that is the author's to say."""

_MARKDOWN_IMAGE = re.compile(r"!\[([^\]]*)\]\(")
_HTML_IMAGE = re.compile(r"<img\b[^>]*>", re.I)
_ALT = re.compile(r"\balt\s*=\s*([\"'])\s*\S")
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.S)
_NOT_OURS = ("__pycache__", ".ipynb_checkpoints")


def of_exercise(exercise: Exercise) -> Iterator[str]:
    """A sentence for everything that isn't whole about one exercise."""
    yield from _texts(exercise)
    yield from _answers(exercise)
    yield from _checks(exercise)
    yield from _variants(exercise)


def _texts(exercise: Exercise) -> Iterator[str]:
    for name in ("title", "lesson", "brief"):
        text = getattr(exercise, name)
        if not text.strip() or TEMPLATE_MARK in text:
            yield f"exercise.toml: the {name} is still to be written"
    if exercise.minutes <= 0:
        yield "exercise.toml: minutes says how long a learner needs"
    if not exercise.starter_fails:
        yield "exercise.toml: starter_fails names no check, so the starter is a solution"
    if not exercise.reproduce:
        yield "exercise.toml: reproduce says how to start what the receipts look at"


def _answers(exercise: Exercise) -> Iterator[str]:
    for name in exercise.answers:
        if not (exercise.folder / name).is_file():
            yield f"the starter {name} is missing"
        if not (exercise.solution / name).is_file():
            yield f"the solution's {name} is missing"
    for name in sorted(_files(exercise.solution) - set(exercise.answers)):
        yield f"the solution has a stray file: {name}"


def _checks(exercise: Exercise) -> Iterator[str]:
    try:
        checks = exercise.checks
    except (OSError, SyntaxError, ValueError) as error:
        yield f"the checks can't be read: {error}"
        return
    for check in checks:
        if TEMPLATE_MARK in f"{check.title}{check.why}{check.expects}{check.hints}":
            yield f"{check.id}: its texts are still to be written"
        if not check.hints and not check.advice:
            yield f"{check.id}: it has no hint"
        if len(check.hints) > MAX_HINTS:
            yield f"{check.id}: {len(check.hints)} hints are more than {MAX_HINTS}"
        if any(not hint.strip() for hint in check.hints):
            yield f"{check.id}: a hint is empty"
        if check.points <= 0 and not check.advice:
            yield f"{check.id}: it is worth nothing and isn't advice"
    for name in sorted(set(exercise.starter_fails) - {check.id for check in checks}):
        yield f"starter_fails names {name}, which is no check"


def _variants(exercise: Exercise) -> Iterator[str]:
    try:
        variants = variant.of(exercise)
    except (KeyError, ValueError) as error:
        yield f"a variant.toml can't be read: {error}"
        return
    judged = {check.id for check in exercise.checks if not check.advice}
    for each in variants:
        for name in sorted({*each.fails, *each.says} - judged):
            yield f"variant {each.name} names {name}, which is no check"
        for name in sorted(_files(each.folder) - {variant.MANIFEST, *exercise.answers}):
            yield f"variant {each.name} has a stray file: {name}"
    alone = {each.fails[0] for each in variants if len(each.fails) == 1}
    for name in sorted(judged - alone):
        yield f"{name}: no variant is rejected by it alone"
    right = sum(not each.fails for each in variants)
    if right < MIN_RIGHT_VARIANTS:
        yield f"{right} unusual right answers are fewer than {MIN_RIGHT_VARIANTS}"


def of_course() -> Iterator[str]:
    """The same of everything that isn't one exercise's: strays, quizzes, notebooks."""
    exercises = catalog.discover()
    yield from _strays(exercises)
    yield from _quizzes()
    yield from _notebooks(exercises)


def _strays(exercises: Mapping[str, Exercise]) -> Iterator[str]:
    """Files and folders that belong to no exercise."""
    from grader.notebook.question import FILE as QUIZ

    homes = {exercise.folder for exercise in exercises.values()}
    solutions = {exercise.solution for exercise in exercises.values()}
    checks = {exercise.checks_path for exercise in exercises.values()}
    variants = {project.VARIANTS / name for name in exercises}
    for root, level, owned in (
        (project.EXERCISES, "*/*", homes),
        (project.SOLUTIONS, "*/*", solutions),
        (project.CHECKS, "*/*", checks),
        (project.VARIANTS, "*", variants),
    ):
        for path in sorted(root.glob(level)):
            if path not in owned and path.name not in (*_NOT_OURS, QUIZ):
                yield f"{path.relative_to(project.ROOT)} belongs to no exercise"
    for name in exercises:
        for path in sorted((project.VARIANTS / name).iterdir()):
            if not (path / variant.MANIFEST).is_file():
                yield f"{path.relative_to(project.ROOT)} has no {variant.MANIFEST}"


def _quizzes() -> Iterator[str]:
    from grader.notebook import question

    for section in sorted({path.parent for path in project.EXERCISES.glob("*/*")}):
        path = section / question.FILE
        try:
            quiz = question.load(path)
        except FileNotFoundError:
            yield f"{section.name} has no {question.FILE}"
        except (ValueError, OSError) as error:
            yield str(error)
        else:
            if len(quiz.questions) < MIN_QUESTIONS:
                yield f"{section.name}: a quiz has at least {MIN_QUESTIONS} questions"


def _notebooks(exercises: Mapping[str, Exercise]) -> Iterator[str]:
    from grader.notebook import expand

    shown = ""
    for source in sorted(expand.SOURCES.glob("*.md")):
        text = source.read_text(encoding="utf-8")
        shown += text
        notebook = project.NOTEBOOKS / f"{source.stem}.ipynb"
        try:
            expanded = expand.expand(source)
        except UsageError as error:
            yield str(error)
            continue
        if not notebook.is_file() or notebook.read_text(encoding="utf-8") != expanded:
            yield f"{notebook.name} isn't in step with its source: ./lab notebooks"
        yield from (f"{source.name}: {problem}" for problem in _pictures(text))
    for name, exercise in exercises.items():
        for file in exercise.answers:
            if f"%%answer {name} {file}\n" not in shown:
                yield f"no notebook has an answer cell for {name} {file}"
        if f'\ngrade("{name}")\n' not in shown:
            yield f"no notebook has a grade cell for {name}"


def _pictures(markdown: str) -> Iterator[str]:
    """Pictures without a text for those who don't see them."""
    prose = _CODE.sub("", markdown)
    if any(not alt.strip() for alt in _MARKDOWN_IMAGE.findall(prose)):
        yield "a picture has no text"
    if any(not _ALT.search(tag) for tag in _HTML_IMAGE.findall(prose)):
        yield "an <img> has no alt text"


def _files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not set(path.parts) & set(_NOT_OURS)
    }
