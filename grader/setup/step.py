"""Steps of the set-up: what is being done, for how long, and what it printed when it fails."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from grader.engine import location
from grader.verdict.outcome import GraderError

LAST_LINES = 15


class SetupError(GraderError):
    """The set-up can't go on; the message says what the person in front of it can do."""


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Say on stderr what is being done, and how long it took."""
    begun = time.monotonic()
    done = threading.Event()
    live = sys.stderr.isatty()

    def tick() -> None:
        while not done.wait(1.0):
            sys.stderr.write(f"\r  {title} … {time.monotonic() - begun:.0f} s")
            sys.stderr.flush()

    sys.stderr.write(f"  {title} …" + ("" if live else "\n"))
    sys.stderr.flush()
    if live:
        threading.Thread(target=tick, daemon=True).start()
    try:
        yield
    except BaseException:
        done.set()
        sys.stderr.write("\n" if live else "")
        raise
    done.set()
    seconds = f"{time.monotonic() - begun:.1f} s"
    sys.stderr.write(f"\r  {title} … {seconds}\n" if live else f"  {title}: done in {seconds}\n")


def call(
    command: Sequence[str | Path],
    *,
    failure: str,
    environment: Mapping[str, str] | None = None,
    deadline: float = 1800.0,
) -> str:
    """Run a command and return what it printed. Raises SetupError with ``failure`` and the end of
    its output when it fails or takes longer than ``deadline`` seconds."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**os.environ, **(environment or {})},
            timeout=deadline,
            check=False,
        )
    except FileNotFoundError as error:
        raise SetupError(f"{failure}\n  There is no program called {command[0]} here.") from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{failure}\n  It did not end within {deadline:.0f} s.") from error
    if done.returncode:
        end = "\n".join(f"    {line}" for line in done.stdout.splitlines()[-LAST_LINES:])
        raise SetupError(f"{failure}\n{end}")
    return done.stdout


def docker(*arguments: str | Path, failure: str, deadline: float = 1800.0) -> str:
    """``docker ARGUMENTS`` on the engine that everything else uses. Raises as ``call`` does."""
    return call(
        ["docker", *arguments],
        failure=failure,
        environment=location.environment(),
        deadline=deadline,
    )


def privileged(command: Sequence[str]) -> list[str] | None:
    """The command as root: as it is, through passwordless sudo, or None where neither works."""
    if os.geteuid() == 0:
        return list(command)
    with contextlib.suppress(OSError):
        if not subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode:
            return ["sudo", "-n", *command]
    return None
