"""A learner's gate.sh, tried with one image after another in a container of ours.

Image names are drawn anew each time, so that a gate has to ask the scanner. The exit codes are
told by our own first process of the container (``inside/rounds.py``), never by the gate.
"""

from __future__ import annotations

import io
import json
import random
import secrets
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grader import scanner
from grader.engine.image import Image
from grader.probe.start import Start
from grader.scanner.inside.rounds import MAX_BYTES
from grader.verdict.outcome import GraderError, LearnerFault
from grader.verdict.report import Evidence

CLEAN = ("shop:clean",)
MINOR = ("shop:minor",)
CRITICAL = ("shop:critical", "shop:critical-unfixed")
HIGH = ("shop:high", "shop:high-python")
UNKNOWN = "shop:nowhere"
"""An image that no scanner finds."""
NO_SCANNER = "(no scanner)"
FAILING = ("shop:no-database", "shop:killed", "shop:crashed", UNKNOWN, NO_SCANNER)
ROUND_SECONDS = 10.0
ALL_SECONDS = 120.0
SHOWN_LINES = 12


@dataclass(frozen=True)
class Round:
    """One call of the gate. ``code`` is None when it never ended; ``reported`` are the findings
    of severity HIGH and CRITICAL that people get to see, ``findings`` all of them."""

    recording: str
    code: int | None
    printed: str
    wrote: tuple[str, ...]
    findings: frozenset[str]
    reported: frozenset[str]

    @property
    def evidence(self) -> Evidence:
        """The same round with the recording of that name, typed by hand."""
        image, before, user = self.recording, "", ""
        if self.recording == NO_SCANNER:
            image, before, user = CLEAN[0], "rm /usr/local/bin/trivy; ", "-u root "
        end = f"exit code {self.code}" if self.code is not None else "(it never ended)"
        return Evidence(
            f"docker run --rm {user}gate sh -c '{before}./gate.sh {image}; echo \"exit code $?\"'",
            "\n".join([*self.printed.splitlines()[-SHOWN_LINES:], end]),
        )


def play(image: Image, start: Start) -> tuple[Round, ...]:
    """Try the gate of ``image`` with everything recorded. Raises LearnerFault when it can't be
    started, prints without end, or doesn't end for an image that can be scanned."""
    order = _order()
    recorded = scanner.recordings()
    names = [f"shop-{secrets.token_hex(3)}:{secrets.token_hex(3)}" for _ in order]
    known = {
        name: recorded[CLEAN[0] if recording == NO_SCANNER else recording]
        for name, recording in zip(names, order, strict=True)
        if recording != UNKNOWN
    }
    findings = [_findings(recorded.get(recording, {})) for recording in order]
    plan = [
        {"image": name, "scanner": recording != NO_SCANNER, "words": sorted(found)}
        for name, recording, found in zip(names, order, findings, strict=True)
    ]
    container = start(
        image,
        config={
            "User": "0:0",
            "Entrypoint": [],
            "Cmd": ["python", "-ESs", f"/{scanner.PLACE}/rounds.py"],
            "WorkingDir": "/",
        },
        files=_files(known, {"seconds": ROUND_SECONDS, "rounds": plan}),
        ready=False,
        beside=True,
    )
    end = container.wait_exit(ALL_SECONDS)
    told = [json.loads(text) for text in container.lines().stdout if text.startswith("{")]
    played = tuple(
        _round(recording, name, found, one)
        for recording, name, found, one in zip(order, names, findings, told, strict=False)
    )
    is_complete = len(told) == len(order) or (told and not told[-1]["ended"])
    if end is None or not is_complete:
        _explain(end.code if end else None, played)
    return played


def _order() -> list[str]:
    """Images that can be scanned first, then failures. A clean scan stands right before a failed
    one: the report that it left must not be taken for a new one."""
    scans = [*CLEAN, *MINOR, *CRITICAL, *HIGH]
    failures = [[CLEAN[0], FAILING[0]], [MINOR[0], FAILING[1]], [FAILING[2]], [UNKNOWN]]
    random.SystemRandom().shuffle(scans)
    random.SystemRandom().shuffle(failures)
    return [*scans, *(recording for block in failures for recording in block), NO_SCANNER]


def _findings(recording: Mapping[str, Any]) -> frozenset[str]:
    results = recording.get("report", {}).get("Results", ())
    return frozenset(
        one["VulnerabilityID"]
        for result in results
        for one in result.get("Vulnerabilities", ())
        if one["Severity"] in ("HIGH", "CRITICAL")
    )


def _files(known: Mapping[str, Any], plan: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO(scanner.archive(known))
    with tarfile.open(fileobj=buffer, mode="a") as tar:
        scanner.add(tar, "rounds.json", json.dumps(dict(plan)).encode(), 0o600)
    return buffer.getvalue()


def _round(recording: str, name: str, findings: frozenset[str], told: Mapping[str, Any]) -> Round:
    shown = CLEAN[0] if recording == NO_SCANNER else recording
    printed = told["printed"].replace(name, shown)
    if told["flooded"]:
        counted = f"./gate.sh {shown} 2>&1 | head -c {MAX_BYTES} | wc -c"
        raise LearnerFault(
            f"gate.sh printed more than {MAX_BYTES >> 20} MiB for the image {shown} and was "
            "stopped: a CI job's log has an end, too, and nobody reads that much.",
            Evidence(f"docker run --rm gate sh -c '{counted}'", str(MAX_BYTES)),
        )
    if told["trouble"]:
        raise LearnerFault(
            f"gate.sh can't be started: {told['trouble']}. Is the program in its first line there, "
            "and does the line end without a carriage return (Windows line endings)?"
        )
    played = Round(
        recording,
        told["code"],
        printed,
        tuple(told["wrote"]),
        findings,
        frozenset(told["reported"]),
    )
    if played.code is None and recording not in FAILING:
        raise LearnerFault(
            f"gate.sh did not end within {ROUND_SECONDS:.0f} s for the image {shown}: whoever "
            "waits for it waits for ever.",
            played.evidence,
        )
    return played


def _explain(code: int | None, played: Sequence[Round]) -> None:
    """Why the container ended early or not at all. Raises LearnerFault or GraderError."""
    if code is None:
        raise LearnerFault(
            f"gate.sh took more than {ALL_SECONDS:.0f} s for {len(played) + 1} images."
        )
    if code == 137:
        raise LearnerFault("gate.sh took all the memory of its container.")
    raise GraderError(f"The rounds of the gate ended with exit code {code}.")
