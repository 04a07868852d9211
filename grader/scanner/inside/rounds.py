"""Runs a gate for one image after another and says what came of each: one JSON line a round.

The first process of a container of ours, as root; the gate runs as an unprivileged user that can
neither signal it nor write where it writes. It reads its plan once and ends after the last round,
or after the first that never ends or prints without end.
"""

import compileall
import errno
import json
import os
import resource
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from typing import Any

PLAN = "/rounds.json"
SCANNER = "/usr/local/bin/trivy"
HOME = "/home/ci"
USER = 10001
ELSEWHERE = ("/tmp", "/var/tmp", "/dev/shm")
OUTPUT = "/opt/scanner/output"
MAX_FILES = 300
MAX_BYTES = 4 << 20
KEPT = 3000
"""Characters of a gate's output that are told."""

Stamp = tuple[int, int, int]


def main() -> None:
    with open(PLAN) as file:
        plan = json.load(file)
    os.unlink(PLAN)
    compileall.compile_dir("/opt/scanner", quiet=2)  # once, not at each start of trivy
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_BYTES, MAX_BYTES))
    for each in plan["rounds"]:
        if not each["scanner"] and os.path.lexists(SCANNER):
            os.rename(SCANNER, "/opt/scanner/away")
        came = _play(each, plan["seconds"])
        print(json.dumps(came), flush=True)
        if not came["ended"] or came["flooded"]:
            return


def _play(each: dict[str, Any], seconds: float) -> dict[str, Any]:
    """One round: the gate's exit code, what it printed, and which of the words it reported."""
    before = dict(_files())
    with open(OUTPUT, "wb") as output:
        code, trouble = _run(each["image"], seconds, output.fileno())
        flooded = os.fstat(output.fileno()).st_size >= MAX_BYTES
    _end_all()
    printed = _read(OUTPUT)
    written = [path for path, stamp in _files() if before.get(path) != stamp]
    # A scratch file in /tmp is no report, unless people are told of it.
    shown = [path for path in written if path.startswith(HOME) or path in printed]
    text = printed + "".join(_read(path) for path in shown)
    return {
        "image": each["image"],
        "code": code,
        "ended": code is not None or bool(trouble),
        "flooded": flooded,
        "trouble": trouble,
        "printed": printed[-KEPT:],
        "wrote": shown[:20],
        "reported": [word for word in each["words"] if word in text],
    }


def _run(image: str, seconds: float, output: int) -> tuple[int | None, str]:
    """(exit code, why it couldn't be started), by its first line or else with sh."""
    for command in (["./gate.sh", image], ["/bin/sh", "./gate.sh", image]):
        try:
            process = subprocess.Popen(
                command,
                cwd=HOME,
                env={"PATH": os.environ["PATH"], "HOME": HOME, "USER": "ci", "CI": "true"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                user=USER,
                group=USER,
                extra_groups=[],
                start_new_session=True,
            )
        except OSError as error:
            if error.errno == errno.ENOEXEC:
                continue
            return None, error.strerror or "unknown"
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None, ""
        return (code if code >= 0 else 128 - code), ""
    return None, "it is no program"


def _end_all() -> None:
    """Nothing of the gate outlives its round."""
    while True:
        left = [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and _is_its(entry)]
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        if not left:
            return
        time.sleep(0.005)


def _is_its(pid: str) -> bool:
    try:
        return os.stat(f"/proc/{pid}").st_uid == USER
    except OSError:
        return False


def _files() -> Iterator[tuple[str, Stamp]]:
    """The regular files where the gate may write, links not followed."""
    count = 0
    for root in (HOME, *ELSEWHERE):
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    facts = os.lstat(path)
                except OSError:
                    continue
                count += 1
                if count > MAX_FILES:
                    return
                if stat.S_ISREG(facts.st_mode):
                    yield path, (facts.st_ino, facts.st_mtime_ns, facts.st_size)


def _read(path: str) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    with open(handle, "rb") as file:
        return file.read(MAX_BYTES).decode("utf-8", "replace")


if __name__ == "__main__":
    main()
