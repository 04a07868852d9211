"""What stands before a release: the gate of a scanner, and a workflow that can't skip its gates."""

from __future__ import annotations

import io
import json
import secrets
import tarfile

from floor.script import Script
from grader import scanner, workflow
from grader.scanner import gate
from grader.workflow import leak, pin, privilege, scenario
from grader.workflow.machine import Failing

OBSERVED: frozenset[str] = frozenset()
"""Exercises whose processes are looked at."""

SCANS = (*gate.CLEAN, *gate.MINOR, *gate.CRITICAL, *gate.HIGH)
FAILURES = (*gate.CLEAN, *gate.MINOR, *gate.FAILING)
"""A clean scan stands before a failed one; the last round has no scanner."""
GREEN = Failing()
FAILING = (Failing(finding="CRITICAL"), Failing(finding="HIGH"), Failing(tests=True))


def vulnerability_gate(script: Script) -> None:
    """All rounds of the gate run in one container that is asked nothing meanwhile."""
    container = script.start(
        files=_rounds(),
        beside=True,
        User="0:0",
        Entrypoint=[],
        Cmd=["python", "-ESs", f"/{scanner.PLACE}/rounds.py"],
        WorkingDir="/",
    )
    script.wait(container)
    script.client.logs(container, stderr=False)


def _rounds() -> bytes:
    recorded = scanner.recordings()
    known, plan = {}, []
    for recording in (*SCANS, *FAILURES):
        name = f"shop-{secrets.token_hex(3)}:{secrets.token_hex(3)}"
        has_scanner = recording != gate.NO_SCANNER
        if recording != gate.UNKNOWN:
            known[name] = recorded[recording if has_scanner else gate.CLEAN[0]]
        results = recorded.get(recording, {}).get("report", {}).get("Results", ())
        words = [
            found["VulnerabilityID"]
            for result in results
            for found in result.get("Vulnerabilities", ())
            if found["Severity"] in ("HIGH", "CRITICAL")
        ]
        plan.append({"image": name, "scanner": has_scanner, "words": words})
    buffer = io.BytesIO(scanner.archive(known))
    rounds = json.dumps({"seconds": gate.ROUND_SECONDS, "rounds": plan}).encode()
    with tarfile.open(fileobj=buffer, mode="a") as archive:
        scanner.add(archive, "rounds.json", rounds, 0o600)
    return buffer.getvalue()


def release_workflow(script: Script) -> None:
    """The floor is the stage with each event followed once."""
    read = workflow.read(script.exercise.solved[workflow.FILE])
    with workflow.follow(read) as follows:
        runs = [
            run
            for event in (*scenario.RELEASES, *scenario.REQUESTS)
            for run in follows.tell(event, GREEN)
        ]
        for event in scenario.RELEASES:
            for failing in FAILING:
                runs += follows.tell(event, failing)
        list(pin.loose(read, [each for run in runs for told in run.told for each in told.doings]))
        list(privilege.excess(read, runs))
        list(leak.found(runs, follows.rehearsal.concrete))
