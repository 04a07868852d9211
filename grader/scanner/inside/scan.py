"""What ``trivy image`` and ``trivy convert`` do, over recorded results.

``recordings.json`` beside this file maps an image's name to ``{"report": …}``, or to
``{"fails": …}`` for a scan that fails; an image that isn't there can't be found.
Exit codes are trivy's: 1 for errors, else 0 unless there are findings and ``--exit-code`` says
otherwise.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

from .command_line import SEVERITIES, CommandLine, UsageError, read
from .rendering import FORMATS, summary

VERSION = "0.76.0"
RECORDINGS = os.path.join(os.path.dirname(__file__), "recordings.json")
USAGE = """\
Scan a container image (over recorded results)

Usage:
  trivy image [flags] IMAGE_NAME
  trivy convert [flags] RESULT_JSON

Flags of both:
  -s, --severity strings   severities to be displayed: UNKNOWN,LOW,MEDIUM,HIGH,CRITICAL
      --exit-code int      specify exit code when any security issues are found
  -f, --format string      table, json or sarif (default "table")
  -o, --output string      output file name
      --ignorefile string  specify .trivyignore file (default ".trivyignore")
  -q, --quiet              suppress progress bar and log output

Flags of image:
      --ignore-unfixed     display only fixed vulnerabilities
      --scanners strings   what to detect (default [vuln,secret])
      --pkg-types strings  list of package types (default [os,library])
"""
_LACKING = ("input", "server", "template", "ignore-policy", "compliance", "config", "vex")


class ScanError(Exception):
    """trivy's own failure, which it ends with exit code 1."""


def main(words: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    try:
        line = read(words)
        return _run(line)
    except UsageError as error:
        if error.usage:
            print(USAGE, flush=True)
        _log("FATAL", f"Fatal error\t{error}")
    except (ScanError, OSError) as error:
        _log("FATAL", f"Fatal error\t{error}")
    return 1


def _run(line: CommandLine) -> int:
    if line.get("help") or line.command in ("", "help"):
        print(USAGE)
        return 0
    if line.get("version") or line.command == "version":
        print(f"Version: {VERSION}")
        return 0
    if line.command not in ("image", "i", "convert", "conv"):
        raise UsageError(f'unknown command "{line.command}" for "trivy"')
    if lacking := [name for name in _LACKING if line.get(name)]:
        raise ScanError(f"--{lacking[0]}: this scanner has recorded results only")
    if line.get("download-db-only"):
        return 0
    if not line.targets:
        raise UsageError("Require at least 1 argument", usage=True)
    if len(line.targets) > 1:
        raise UsageError("multiple targets cannot be specified", usage=True)
    if not line.get("quiet"):
        for warning in line.warnings:
            _log("WARN", warning)
    if line.command in ("image", "i"):
        report = _scan(line, line.targets[0])
    else:
        report = json.loads(_text(line.targets[0]))
    return _write(line, _filtered(line, report))


def _scan(line: CommandLine, image: str) -> dict[str, Any]:
    """The recorded report of an image. Raises ScanError, or dies as the recording says."""
    recording = json.loads(_text(RECORDINGS)).get(image)
    if not line.get("quiet"):
        _log("INFO", "[vuln] Vulnerability scanning is enabled")
    if recording is None:
        raise ScanError(
            "run error: image scan error: scan error: unable to initialize a scan service: unable "
            f'to find the specified image "{image}" in ["docker" "containerd" "podman" "remote"]'
        )
    if failure := recording.get("fails"):
        _fail(line, failure)
    text = json.dumps(recording["report"]).replace("@IMAGE@", json.dumps(image)[1:-1])
    report: dict[str, Any] = json.loads(text)
    if not line.get("quiet"):
        system = report["Metadata"]["OS"]
        _log("INFO", f'Detected OS\tfamily="{system["Family"]}" version="{system["Name"]}"')
    return report


def _fail(line: CommandLine, failure: dict[str, Any]) -> None:
    """End as a scan that failed: with an error, a crash or the signal of the OOM killer."""
    if line.get("format") == "json" and "printed" in failure:
        _put(line, failure["printed"])
    if said := failure.get("said"):
        raise ScanError(said)
    if crash := failure.get("crash"):
        sys.stderr.write(crash)
        sys.stderr.flush()
        os._exit(2)
    os.kill(os.getpid(), signal.SIGKILL)


def _filtered(line: CommandLine, report: dict[str, Any]) -> dict[str, Any]:
    """The report with what the options leave of its vulnerabilities."""
    severities = line.get("severity") or SEVERITIES
    scans = "vuln" in (line.get("scanners") or ("vuln",))
    types = line.get("pkg-types") or ("os", "library")
    ignored = _ignored(line.get("ignorefile", ".trivyignore"))
    results = []
    for result in report.get("Results") or ():
        found = [
            one
            for one in result.get("Vulnerabilities") or ()
            if scans
            and one["Severity"] in severities
            and ("os" if result["Class"] == "os-pkgs" else "library") in types
            and one["VulnerabilityID"] not in ignored
            and one["Status"] not in line.get("ignore-status", ())
            and (one.get("FixedVersion") or not line.get("ignore-unfixed"))
        ]
        rest = {key: value for key, value in result.items() if key != "Vulnerabilities"}
        results.append({**rest, **({"Vulnerabilities": found} if found else {})})
    return {**report, "Results": results}


def _ignored(name: str) -> set[str]:
    if not name or not os.path.isfile(name):
        return set()
    lines = _text(name).splitlines()
    return {text.split()[0] for text in lines if text.strip() and not text.startswith("#")}


def _write(line: CommandLine, report: dict[str, Any]) -> int:
    kind = line.get("format", "table")
    if kind not in FORMATS:
        raise ScanError(f"--format {kind}: this scanner writes {', '.join(FORMATS)}")
    text = FORMATS[kind](report, line.get("severity") or SEVERITIES)
    if kind == "table" and line.command in ("image", "i"):
        text = summary(report) + text
    _put(line, text)
    found = any(result.get("Vulnerabilities") for result in report["Results"])
    return int(line.get("exit-code", 0)) & 0xFF if found else 0


def _put(line: CommandLine, text: str) -> None:
    """Write to the output file, or to stdout where none was named. Raises ScanError."""
    output = line.get("output")
    if not output:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        reason = (error.strerror or "").lower()
        raise ScanError(
            f"unable to write results: failed to create a file: open {output}: {reason}"
        ) from error


def _text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _log(level: str, text: str) -> None:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stderr.write(f"{moment}\t{level}\t{text}\n")
