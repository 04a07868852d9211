"""The stage: a learner's script, run by the shell it names in a throw-away container of ours.

It has no network, no capability and nothing to write to but its work folder; programs that would
reach out of it are stand-ins, whose calls the caller answers (``Answer``). This room knows nothing
of workflows, images or scanners: what a call does is the caller's business.
"""

from grader.stage.client import PATH, Stage
from grader.stage.script import Answer, Call, Ended, Files, Node, Reply, Script, content, file

__all__ = [
    "PATH",
    "Answer",
    "Call",
    "Ended",
    "Files",
    "Node",
    "Reply",
    "Script",
    "Stage",
    "content",
    "file",
]
