"""``python -m grader.setup``: what the launcher calls inside the virtual environment."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from grader.setup import doctor, engine, images
from grader.verdict.outcome import GraderError
from grader.verdict.stream import for_any_terminal


def main() -> int:
    """Exit code 0 when everything is there, 3 when something is missing."""
    parser = argparse.ArgumentParser(prog="lab")
    commands = parser.add_subparsers(dest="command", required=True)
    setup = commands.add_parser("setup", help="engine and base images")
    setup.add_argument("--yes", action="store_true")
    setup.add_argument("--bundle", type=Path)
    bundle = commands.add_parser("bundle", help="write all images into one file")
    bundle.add_argument("file", type=Path)
    look = commands.add_parser("doctor", help="what is here and what is missing")
    look.add_argument("--json", action="store_true")
    for_any_terminal(as_json="--json" in sys.argv)
    options = parser.parse_args()
    try:
        if options.command == "doctor":
            findings = doctor.examine()
            doctor.report(findings, as_json=options.json)
            return 0 if doctor.is_ready(findings) else 3
        if options.command == "bundle":
            images.save(options.file)
            return 0
        begun = time.monotonic()
        yes = options.yes or os.environ.get("CI") == "true"
        images.ensure(engine.ensure(may_install=yes), options.bundle)
        sys.stderr.write(f"  Engine and images are ready ({time.monotonic() - begun:.1f} s).\n")
    except GraderError as error:
        sys.stderr.write(f"{error}\n")
        return 3
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
