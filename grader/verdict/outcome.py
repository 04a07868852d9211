"""The ways a grading goes wrong, and whose they are.

::

    Exception
    ├── LearnerFault        an answer is at fault: a failed check, shown with its evidence
    │   └── BuildFailed     the image can't be built
    ├── GraderError         ours: the check gets status "error", nothing is scored
    │   ├── EngineError     no engine, an engine that died, an engine that refuses
    │   ├── MachineTooBusy  the machine gave too little time to see what an answer does
    │   └── NotInLab        an answer asks for something this lab doesn't have
    ├── CapabilityAbsent    the host can't do what the check needs: skipped, report incomplete
    └── UsageError          wrong usage: unknown exercise, unreadable path (exit code 2)
"""

from __future__ import annotations

from grader.verdict.report import Evidence

TOO_BUSY = "The machine was too busy to see what your answer does"
"""How every such error begins, and what no other sentence begins with."""


class LearnerFault(Exception):
    """The submission is at fault.

    The first check that meets a fault fails with its message; later ones are skipped.
    ``message`` is a sentence for the learner, without a traceback.
    """

    def __init__(self, message: str, *evidence: Evidence) -> None:
        super().__init__(message)
        self.message = message
        self.evidence = evidence


class BuildFailed(LearnerFault):
    """The image could not be built from the answer."""


class GraderError(Exception):
    """The grader could not find out. Never costs points, never awards them."""


class EngineError(GraderError):
    """No engine answers, or it went away, or it refused a call that should work."""


class MachineTooBusy(GraderError):
    """What was to be seen wasn't, and the machine gave too little time to say that it isn't so.
    ``reason`` ends the sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{TOO_BUSY}: {reason}. Nothing was scored; try again when the machine is quieter."
        )


class NotInLab(GraderError):
    """The answer names an image that the lab lacks: said clearly and never counted."""


class CapabilityAbsent(Exception):
    """This host lacks ``capability``; ``reason`` is a sentence."""

    def __init__(self, capability: str, reason: str) -> None:
        super().__init__(reason)
        self.capability = capability
        self.reason = reason


class UsageError(Exception):
    """What was asked for makes no sense here: exit code 2, with a sentence that helps."""


def unforeseen(error: BaseException) -> str:
    """A sentence about an exception that has no place above: it is ours."""
    return f"A fault of the grader, not yours ({type(error).__name__}: {error})."
