"""A synthetic class on disk: students with answers of known verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from grader.answer.submission import MAGIC
from grader.exercise import catalog
from grader.exercise.catalog import Exercise


def hand_in(root: Path, student: str, exercise: Exercise, texts: Mapping[str, str]) -> None:
    """A student's answer as a folder of files."""
    for name, text in texts.items():
        path = root / student / exercise.id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def notebook(answers: Mapping[str, Mapping[str, str]]) -> str:
    """A notebook with the answer cells of several exercises, without any metadata."""
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": f"{MAGIC} {exercise} {name}\n{text}",
        }
        for exercise, texts in answers.items()
        for name, text in texts.items()
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def class_of(root: Path, students: int, exercise_id: str = "nonroot_user") -> None:
    """Solutions, a different one for each student."""
    exercise = catalog.find(exercise_id)
    for number in range(students):
        texts = {name: f"{text}\n# {number}\n" for name, text in exercise.solved.items()}
        hand_in(root, f"student{number:02}", exercise, texts)
