"""Runs one of nbgrader's converters and says in a sentence what went wrong, if anything did."""

from __future__ import annotations

import logging
from typing import Any

from nbgrader.converters.base import NbGraderException

from grader.desk.folder import Course, quiet
from grader.verdict.text import clean

_NAME = "grader.desk.nbgrader"


def run(converter: Any, course: Course, assignment: str, student: str = "*", **traits: Any) -> str:
    """Convert; returns what went wrong, empty when all is well."""
    said = _Said()
    log = logging.Logger(_NAME)  # of its own: nbgrader's is shared by everything in a process
    log.addHandler(said)
    directory = course.directory
    directory.assignment_id, directory.student_id = assignment, student
    with quiet():
        running = converter(coursedir=directory, config=course.config, log=log, **traits)
        running.force = True
        try:
            running.start()
        except NbGraderException as error:
            return said.reason or clean(str(error))
    return ""


class _Said(logging.Handler):
    """Keeps the reason of the last failure: the last line of the traceback that is logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.reason = ""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().strip()
        if text.startswith("Traceback"):
            kind, _, reason = text.splitlines()[-1].partition(": ")
            self.reason = clean(reason or kind)
