"""The entry point of a learner's place: the engine first, then the learner's server.

Runs as root beside an init (``docker run --init``). ``./lab setup`` starts the engine in a process
session of its own and loads the lab's images; the command (jupyterhub-singleuser) then runs as
the user ``learner``. When it ends, the engine is stopped in order, so that its volume is sound.
Standard library only.
"""

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path("/opt/drydock")
HOME = Path("/home/learner")
BUNDLE = Path("/opt/lab.tar")
ENGINE_PID = Path("/var/run/docker.pid")
USER = "learner"
ENGINE_STOPS_SECONDS = 20.0


def main(command: list[str]) -> int:
    """The exit code of the command."""
    ENGINE_PID.unlink(missing_ok=True)  # of an earlier life of this container
    bring_notebooks()
    bundle = ["--bundle", str(BUNDLE)] if BUNDLE.is_file() else []
    if subprocess.call([PROJECT / "lab", "setup", "--yes", *bundle]):
        print("The engine isn't ready (see above): nothing can be graded here.", file=sys.stderr)
    server = as_learner(command)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.terminate())
    code = server.wait()
    stop_engine()
    return code if code >= 0 else 128 - code


def bring_notebooks() -> None:
    """Notebooks that the learner doesn't have yet; what is there is the learner's."""
    notebooks = sorted((PROJECT / "notebooks").glob("*.ipynb"))
    as_learner(["mkdir", "-p", str(HOME / "notebooks")]).wait()
    as_learner(["cp", "-n", *map(str, notebooks), str(HOME / "notebooks")]).wait()


def as_learner(command: list[str]) -> subprocess.Popen[bytes]:
    user = pwd.getpwnam(USER)
    return subprocess.Popen(
        command,
        cwd=HOME,
        env={
            **os.environ,
            "HOME": str(HOME),
            "USER": USER,
            "LOGNAME": USER,
            "SHELL": user.pw_shell,
        },
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=os.getgrouplist(USER, user.pw_gid),
        start_new_session=True,
    )


def stop_engine() -> None:
    """SIGTERM to dockerd, which stops its containers, and some patience."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
        engine = int(ENGINE_PID.read_text())
        os.kill(engine, signal.SIGTERM)
        deadline = time.monotonic() + ENGINE_STOPS_SECONDS
        while time.monotonic() < deadline:
            os.kill(engine, 0)
            time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
