"""Makes a sound notebook of what a student handed in: the released cells with the student's
answers in them, the student's own cells beside them as plain text.

A cell is recognised by nbgrader's ``grade_id``, else by its cell id (both survive different
accidents), else by its ``%%answer`` line. Of a cell that comes twice the last one counts. Nothing
but text is taken over: no metadata, no outputs, no attachments; and no HTML, which the instructor's
browser would run beside the gradebook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import nbformat

from grader.answer.submission import MAX_ANSWER_BYTES, split_magic
from grader.desk.layout import Cell, Layout

MAX_CELLS = 2000
MAX_SOURCE = MAX_ANSWER_BYTES + 1024
"""Characters of one cell: an answer that is too large is still seen to be too large."""


@dataclass(frozen=True)
class Restored:
    """A notebook that can be graded, and what had to be mended for that."""

    notebook: Any
    notes: tuple[str, ...]


def restore(notebook: Mapping[str, Any], layout: Layout) -> Restored:
    """The sound notebook of ``layout`` with the answers of ``notebook`` (nbformat 4)."""
    handed = [cell for cell in notebook.get("cells", ()) if _is_cell(cell)]
    claims, notes = _claims(handed, layout)
    made: list[tuple[Cell | None, Any]] = []
    for number, cell in enumerate(handed):
        claimed = claims.get(number)
        if claimed:
            made.append((claimed, _released(claimed, _source(cell))))
            if claimed.grade and claimed.locked and _source(cell) != claimed.source:
                notes.append(f"locked cell {claimed.grade_id} was changed: as released again")
        elif len(made) < MAX_CELLS:
            made.append((None, _own(cell, number)))
    notes += _put_back(made, layout)
    sound = nbformat.v4.new_notebook(
        cells=[cell for _, cell in made],
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
    )
    return Restored(sound, tuple(notes))


def _claims(
    handed: Sequence[Mapping[str, Any]], layout: Layout
) -> tuple[dict[int, Cell], list[str]]:
    """Which cell stands for which released one, and a note where it was hard to tell."""
    by_id = {cell.id: cell for cell in layout.cells}
    by_answer = {cell.answers: cell for cell in layout.cells if cell.answers}
    best: dict[str, tuple[int, int]] = {}
    for number, cell in enumerate(handed):
        magic = split_magic(_source(cell))
        candidates = (
            layout.by_grade_id.get(_grade_id(cell)),
            by_id.get(str(cell.get("id", ""))),
            by_answer.get(magic[:2]) if magic and cell["cell_type"] == "code" else None,
        )
        for rank, candidate in zip((2, 1, 0), candidates, strict=True):
            if candidate:
                best[candidate.grade_id] = max(
                    best.get(candidate.grade_id, (-1, -1)), (rank, number)
                )
                break
    lost = [
        id
        for id, (rank, _) in best.items()
        if rank < 2 and (layout.by_grade_id[id].grade or layout.by_grade_id[id].solution)
    ]
    notes = [f"metadata of {', '.join(sorted(lost))} was lost and is recovered"] if lost else []
    return {number: layout.by_grade_id[id] for id, (_, number) in best.items()}, notes


def _put_back(made: list[tuple[Cell | None, Any]], layout: Layout) -> list[str]:
    """Insert released cells with points that are missing, each after its predecessor."""
    notes = []
    before: list[Cell] = []
    for cell in layout.cells:
        there = {each.grade_id for each, _ in made if each}
        if cell.grade_id not in there and (cell.grade or cell.task):
            places = [number for number, (each, _) in enumerate(made) if each and each in before]
            made.insert(max(places, default=-1) + 1, (cell, _released(cell, cell.source)))
            notes.append(f"cell {cell.grade_id} was missing and is put back")
        before.append(cell)
    return notes


def _released(cell: Cell, handed: str) -> Any:
    source = cell.source if cell.locked else handed
    if cell.kind == "code":
        return nbformat.v4.new_code_cell(source, id=cell.id, metadata=cell.metadata())
    text = source if source == cell.source else _verbatim(source)
    return nbformat.v4.new_markdown_cell(text, id=cell.id, metadata=cell.metadata())


def _own(cell: Mapping[str, Any], number: int) -> Any:
    """A cell of the student's own: code as it is (it is only shown), all else as plain text."""
    id = f"own-{number}"
    if cell["cell_type"] == "code":
        return nbformat.v4.new_code_cell(_source(cell), id=id)
    return nbformat.v4.new_markdown_cell(_verbatim(_source(cell)), id=id)


def _verbatim(text: str) -> str:
    """Markdown that shows ``text`` as it is."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _is_cell(cell: object) -> bool:
    return isinstance(cell, Mapping) and cell.get("cell_type") in ("code", "markdown", "raw")


def _grade_id(cell: Mapping[str, Any]) -> str:
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    return str(nbgrader.get("grade_id", "")) if isinstance(nbgrader, Mapping) else ""


def _source(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(str(line) for line in source)
    text = str(source)[:MAX_SOURCE]
    return text.encode("utf-8", "replace").decode()  # a lone surrogate can't be written
