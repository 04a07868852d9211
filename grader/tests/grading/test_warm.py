"""The warm parent beside a terminal's Ctrl-C, which goes to every process of the group."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from grader.exercise import project

SECONDS = 2.0
PROGRAM = """
import os, signal, sys
from multiprocessing import forkserver
signal.signal(signal.SIGINT, lambda *_: None)
from grader.grading import warm
print("ready", flush=True)
warm.start()
sys.stdin.read()
print(os.waitpid(forkserver._forkserver._forkserver_pid, os.WNOHANG))
"""
LIVES = b"(0, 0)\n"


def test_interrupts_while_it_starts_end_nothing_and_print_nothing() -> None:
    """The first Ctrl-C of a grading that has just begun shows no traceback of ours."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(project.ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.01)
        printed, complaint = process.communicate(timeout=30)
    assert (process.returncode, printed, complaint) == (0, LIVES, b"")
