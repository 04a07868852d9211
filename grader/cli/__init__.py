"""The command line: ``./lab COMMAND``, one file a command, words in and out and nothing else.

It must not know how anything is done: a command asks the rooms below, prints what they say and ends
with a code. It never imports docker or pytest, and nbgrader only in the commands that need it.

Exit codes: 0 every check passed, 1 the learner's checks failed, 2 wrong usage, 3 the grader could
not grade, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Run one command and exit with its code."""
    early = None
    if sys.argv[1:2] == ["check"] and not {"--watch", "--help"} & set(sys.argv):
        from grader.grading.forked import Early

        early = Early()

    import typer

    from grader.cli import app
    from grader.cli.terminal import say
    from grader.verdict.outcome import GraderError, UsageError
    from grader.verdict.stream import for_any_terminal

    for_any_terminal(as_json="--json" in sys.argv)
    code = 0
    try:
        commands = app.of(sys.argv[1] if len(sys.argv) > 1 else "")
        code = commands(standalone_mode=False, prog_name="./lab", obj=early) or 0
    except (KeyboardInterrupt, typer.Abort):
        say("Stopped.")
        code = 130
    except (UsageError, GraderError) as error:
        _complain(str(error))
        code = 2 if isinstance(error, UsageError) else 3
    except Exception as error:
        code = _unforeseen(error)
    sys.exit(code)


def _unforeseen(error: Exception) -> int:
    """Say what happened; the exit code. A traceback would end with 1, which says that the learner's
    checks failed."""
    if hasattr(error, "show"):
        error.show()  # typer's own words for wrong options and arguments
        return 2
    from grader.exercise.project import DEBUG
    from grader.verdict.outcome import unforeseen

    if DEBUG in os.environ:
        raise error
    _complain(f"{unforeseen(error)} {DEBUG}=1 shows where.")
    return 3


def _complain(text: str) -> None:
    from grader.cli.terminal import say
    from grader.verdict.text import clean

    message = clean(text)
    say(message)
    if "--json" in sys.argv:
        print(json.dumps({"schema": 1, "error": message}, ensure_ascii=False))
