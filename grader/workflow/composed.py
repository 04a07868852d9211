"""Actions that are the call of a program: a scanner's, or that of tests. It runs on the stage."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from grader.workflow.machine import Machine

Inputs = Mapping[str, str]


@dataclass(frozen=True)
class Composed:
    """The script that an action is."""

    text: str
    environment: Mapping[str, str] = field(default_factory=dict)


def trivy(machine: Machine, inputs: Inputs) -> Composed:
    machine.tools |= {"trivy"}
    kind = inputs.get("scan-type") or "image"
    target = inputs.get("image-ref", "") if kind == "image" else inputs.get("scan-ref", ".")
    variables = {
        f"TRIVY_{key.upper().replace('-', '_')}": inputs[key]
        for key in ("severity", "exit-code", "format", "output", "ignore-unfixed", "scanners")
        if inputs.get(key)
    }
    if inputs.get("vuln-type"):
        variables["TRIVY_PKG_TYPES"] = inputs["vuln-type"]
    if inputs.get("format") not in (None, "", "table", "json", "sarif"):
        variables["TRIVY_FORMAT"] = "json"
    if inputs.get("trivyignores"):
        variables["TRIVY_IGNOREFILE"] = inputs["trivyignores"].split(",")[0]
    output = ["--output", inputs["output"]] if inputs.get("output") else []
    where = ["--input", inputs["input"]] if inputs.get("input") else [target]
    return Composed(shlex.join(["trivy", kind, *output, *where]), variables)


def grype(machine: Machine, inputs: Inputs) -> Composed | None:
    machine.tools |= {"grype"}
    target = inputs.get("image") or inputs.get("sbom", "")
    if not target:
        return None
    stops = inputs.get("fail-build", "true").lower() == "true"
    level = ["--fail-on", inputs.get("severity-cutoff") or "medium"] if stops else []
    return Composed(shlex.join(["grype", target, *level]))


def scout(machine: Machine, inputs: Inputs) -> Composed | None:
    if "cves" not in inputs.get("command", ""):
        return None
    words = ["docker", "scout", "cves", inputs.get("image", "").rpartition("://")[2]]
    if inputs.get("exit-code", "").lower() == "true":
        words.append("--exit-code")
    return Composed(shlex.join([*words, "--only-severity", inputs.get("only-severities", "")]))


def snyk(machine: Machine, inputs: Inputs) -> Composed:
    machine.tools |= {"snyk"}
    image = shlex.quote(inputs.get("image", ""))
    return Composed(f"snyk container test {image} {inputs.get('args', '')}")


def bill(machine: Machine, inputs: Inputs) -> Composed | None:
    target = inputs.get("image", "")
    output = inputs.get("output-file", "")
    return Composed(shlex.join(["syft", target, "-o", f"spdx-json={output}"])) if output else None


def tests(machine: Machine, inputs: Inputs) -> Composed:
    machine.tools |= {"pytest"}
    return Composed("pytest")


KNOWN: Mapping[str, Callable[[Machine, Inputs], Composed | None]] = {
    each.__name__: each for each in (trivy, grype, scout, snyk, bill, tests)
}
"""By the names of actions.toml."""
