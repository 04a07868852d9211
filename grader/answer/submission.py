"""A submission: the answer files of one exercise, from a folder or from a notebook's cells.

Everything here is read as data; nothing of a submission is imported, executed or followed. Only
regular files that the exercise names are read, with a size cap and without following links.
What is wrong with the answers themselves is kept as ``faults``: the learner hears of it as a
failed check. A path that can't be used at all raises UsageError.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.exercise.catalog import Exercise
from grader.verdict.outcome import UsageError
from grader.verdict.report import SubmissionInfo

MAX_ANSWER_BYTES = 256 * 1024
MAX_NOTEBOOK_BYTES = 64 * 1024 * 1024
MAX_LISTED = 1000
MAGIC = "%%answer"


@dataclass(frozen=True)
class Submission:
    """The learner's files by name, what was left aside, and what is wrong with them."""

    files: Mapping[str, bytes]
    ignored: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256()
        for name, content in sorted(self.files.items()):
            digest.update(f"{len(name)}:{name}:{len(content)}:".encode())
            digest.update(content)
        for fault in self.faults:
            digest.update(fault.encode())
        object.__setattr__(self, "digest", digest.hexdigest())

    @property
    def info(self) -> SubmissionInfo:
        return SubmissionInfo(self.digest, tuple(sorted(self.files)), self.ignored)


def read(exercise: Exercise, path: Path) -> Submission:
    """Read a folder of answer files or a notebook. Raises UsageError when ``path`` is neither."""
    if path.is_dir():
        return from_directory(exercise, path)
    if not path.exists():
        raise UsageError(f"There is nothing at {path}. Give a folder of answers or a notebook.")
    if path.suffix == ".ipynb":
        return from_notebook(exercise, path)
    raise UsageError(f"{path} is neither a folder of answers nor a notebook (.ipynb).")


def from_texts(exercise: Exercise, texts: Mapping[str, str]) -> Submission:
    """A submission of answers that are at hand as text."""
    return _judge(exercise, {name: text.encode() for name, text in texts.items()}, (), [])


def is_untouched(exercise: Exercise, submission: Submission) -> bool:
    """Whether the answers are the starter's own; line ends at the end don't count."""
    starter = {name: text.encode().rstrip() for name, text in exercise.starter.items()}
    answers = {name: content.rstrip() for name, content in submission.files.items()}
    return not submission.faults and answers == starter


def from_directory(exercise: Exercise, folder: Path) -> Submission:
    """Read the answers in ``folder``. Raises UsageError when it can't be listed."""
    try:
        present = sorted(_names(folder))
    except OSError as error:
        raise UsageError(f"{folder} can't be read: {error.strerror}.") from error
    files: dict[str, bytes] = {}
    faults: list[str] = []
    for name in exercise.answers:
        try:
            files[name] = _read_regular(folder, name)
        except FileNotFoundError:
            continue
        except ValueError as error:
            faults.append(f"{name} {error}.")
        except OSError as error:
            faults.append(f"{name} can't be read: {error.strerror}.")
    ignored = tuple(
        name
        for name in present
        if name not in exercise.answers and not _is_given(exercise, folder, name)
    )
    return _judge(exercise, files, ignored, faults)


def from_notebook(exercise: Exercise, path: Path) -> Submission:
    """Read the ``%%answer`` cells of a notebook. Raises UsageError when it isn't a notebook."""
    return _from_answers(exercise, _answers(path))


def from_cells(exercise: Exercise, cells: Sequence[Mapping[str, Any]]) -> Submission:
    """A submission of a notebook's cells that are at hand."""
    return _from_answers(exercise, list(_answer_cells(cells)))


def _from_answers(exercise: Exercise, answers: list[tuple[str, str, str, bool]]) -> Submission:
    files: dict[str, bytes] = {}
    chosen: dict[str, bool] = {}
    ignored: list[str] = []
    for target, name, text, is_solution in answers:
        if target != exercise.id:
            continue
        if name not in exercise.answers:
            ignored.append(name)
        elif is_solution or not chosen.get(name, False):
            files[name] = text.encode("utf-8", "surrogatepass")
            chosen[name] = is_solution
    return _judge(exercise, files, tuple(ignored), [])


def answered_in(path: Path) -> tuple[str, ...]:
    """The exercises that a notebook has answer cells for, in order. Raises UsageError."""
    return tuple(dict.fromkeys(target for target, *_ in _answers(path)))


def _answers(path: Path) -> list[tuple[str, str, str, bool]]:
    """(exercise, file, text, is nbgrader's solution cell) of each answer cell."""
    try:
        if path.stat().st_size > MAX_NOTEBOOK_BYTES:
            raise UsageError(f"{path} is larger than 64 MB: no notebook of this course is.")
        cells = json.loads(path.read_bytes())["cells"]
        return list(_answer_cells(cells))
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{path} is not a notebook: its JSON can't be read.") from error


def split_magic(source: str) -> tuple[str, str, str] | None:
    """(exercise, file, text) of an answer cell's source, or None for any other cell."""
    first, _, body = source.lstrip("\n").partition("\n")
    words = first.split()
    if len(words) != 3 or words[0] != MAGIC:
        return None
    return words[1], words[2], body if body.endswith("\n") else body + "\n"


def _answer_cells(cells: Any) -> Iterator[tuple[str, str, str, bool]]:
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        source = cell["source"]
        answer = split_magic(source if isinstance(source, str) else "".join(source))
        if answer:
            nbgrader = cell.get("metadata", {}).get("nbgrader", {})
            yield *answer, bool(nbgrader.get("solution"))


def _judge(
    exercise: Exercise, files: Mapping[str, bytes], ignored: tuple[str, ...], faults: list[str]
) -> Submission:
    kept: dict[str, bytes] = {}
    for name, content in files.items():
        if len(content) > MAX_ANSWER_BYTES:
            faults.append(f"{name} is larger than {MAX_ANSWER_BYTES // 1024} KiB.")
            continue
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            faults.append(f"{name} is not UTF-8 text (byte {error.start}).")
            continue
        kept[name] = content
    said = {fault.split(" ", 1)[0] for fault in faults}
    faults += [
        f"{name} is missing."
        for name in exercise.answers
        if name not in kept and name not in said and name in _required(exercise)
    ]
    return Submission(kept, ignored, tuple(faults))


def _required(exercise: Exercise) -> tuple[str, ...]:
    """``.dockerignore`` may be left out, as for Docker itself."""
    return tuple(name for name in exercise.answers if name != ".dockerignore")


def _names(folder: Path) -> Iterator[str]:
    """Names below ``folder``, links not followed, hidden folders of editors left out."""
    count = 0
    for parent, folders, files in os.walk(folder, followlinks=False):
        folders[:] = [
            name for name in folders if name not in {"__pycache__", ".ipynb_checkpoints", ".git"}
        ]
        for name in files:
            count += 1
            if count > MAX_LISTED:
                return
            relative = (Path(parent) / name).relative_to(folder).as_posix()
            yield relative.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _read_regular(folder: Path, name: str) -> bytes:
    """The content of one answer. Raises ValueError (a phrase) for links and special files."""
    path = folder
    for part in Path(name).parts[:-1]:
        path = path / part
        if stat.S_ISLNK(path.lstat().st_mode):
            raise ValueError(f"lies behind a symbolic link ({part})")
    path = folder / name
    kind = path.lstat().st_mode
    if stat.S_ISLNK(kind):
        raise ValueError("is a symbolic link; an answer is a plain file")
    if not stat.S_ISREG(kind):
        raise ValueError("is not a plain file")
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        opened = os.fstat(handle)
        if not stat.S_ISREG(opened.st_mode):
            raise ValueError("is not a plain file")
        if opened.st_size > MAX_ANSWER_BYTES:
            size = f"{opened.st_size / 1e6:.1f} MB" if opened.st_size > 1e6 else "too large"
            raise ValueError(f"is {size}; answers hold at most {MAX_ANSWER_BYTES // 1024} KiB")
        with os.fdopen(handle, "rb", closefd=False) as stream:
            return stream.read(MAX_ANSWER_BYTES + 1)
    finally:
        os.close(handle)


def _is_given(exercise: Exercise, folder: Path, name: str) -> bool:
    """Whether a file is an unchanged copy of a given one (the workspace holds those)."""
    expected = exercise.given.get(name)
    if expected is None:
        return False
    try:
        path = folder / name
        return (
            stat.S_ISREG(path.lstat().st_mode)
            and path.stat().st_size == len(expected)
            and path.read_bytes() == expected
        )
    except OSError:
        return False
