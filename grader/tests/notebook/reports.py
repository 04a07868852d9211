"""Reports as the runner makes them, for the tests of what is shown."""

from __future__ import annotations

from grader.verdict.report import CheckResult, Evidence, Report, Status, SubmissionInfo

ROOT = Evidence(
    "docker exec web cat /proc/1/status",
    "Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0",
    "no 0 among the uids and gids",
)


def check(id: str, status: Status, points: float = 1.0, **more: object) -> CheckResult:
    """A check result; it earned its points if it passed."""
    earned = points if status is Status.PASSED else 0.0
    return CheckResult(id, f"The title of {id}", status, points, earned, **more)  # type: ignore[arg-type]


def report(*checks: CheckResult, **more: object) -> Report:
    """A report on one small submission."""
    facts = {
        "engine": {"version": "26.1.5", "cgroup": 1, "runtime": "runc", "build_network": "none"},
        "seconds": 1.84,
        "reproduce": ("docker build -t web .", "docker run -d --name web -p 8000:8000 web"),
    }
    sent = SubmissionInfo("0" * 64, ("Dockerfile",))
    return Report("nonroot_user", sent, checks, **{**facts, **more})  # type: ignore[arg-type]


def failed() -> Report:
    """One of two checks failed, with everything that a receipt can hold."""
    return report(
        check("builds", Status.PASSED),
        check(
            "process_not_root",
            Status.FAILED,
            2.0,
            message="'python app.py' runs with uids (0, 0, 0, 0)",
            why="Root in a container is the kernel's root.",
            hint="USER takes effect for every instruction after it.",
            evidence=(ROOT,),
        ),
        check("code_not_writable", Status.ADVICE, 0.0, message="The service owns its code."),
    )


def passed() -> Report:
    return report(check("builds", Status.PASSED), check("process_not_root", Status.PASSED, 2.0))


def errored() -> Report:
    """The engine went away after the first check."""
    return report(
        check("builds", Status.PASSED),
        check("process_not_root", Status.ERROR, 2.0, message="The engine does not answer."),
    )
