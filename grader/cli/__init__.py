"""The command line: ``./lab COMMAND``. It never imports docker, pytest or nbgrader itself.

Exit codes: 0 every check passed, 1 the learner's checks failed, 2 wrong usage, 3 the grader could
not grade, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Run one command and exit with its code."""
    early = None
    if sys.argv[1:2] == ["check"] and not {"--watch", "--help"} & set(sys.argv):
        from grader.runner import Early

        early = Early()

    import typer

    from grader.cli.app import app
    from grader.cli.terminal import say
    from grader.outcome import GraderError, UsageError
    from grader.text import clean

    code = 0
    try:
        code = app(standalone_mode=False, prog_name="./lab", obj=early) or 0
    except (KeyboardInterrupt, typer.Abort):
        say("Stopped.")
        code = 130
    except (UsageError, GraderError) as error:
        message = clean(str(error))
        say(message)
        if "--json" in sys.argv:
            print(json.dumps({"schema": 1, "error": message}, ensure_ascii=False))
        code = 2 if isinstance(error, UsageError) else 3
    except Exception as error:
        if not hasattr(error, "show"):
            raise
        error.show()  # typer's own words for wrong options and arguments
        code = 2
    sys.exit(code)
