"""A report in trivy's formats: table, json, sarif."""

import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .command_line import SEVERITIES

Report = Mapping[str, Any]
TITLE_WIDTH = 54
_HEAD = ("Library", "Vulnerability", "Severity", "Status")
HEAD = (*_HEAD, "Installed Version", "Fixed Version", "Title")
LEVELS = {"CRITICAL": "error", "HIGH": "error", "MEDIUM": "warning", "LOW": "note"}


def as_json(report: Report, severities: Sequence[str]) -> str:
    return json.dumps(report, indent=2) + "\n"


def summary(report: Report) -> str:
    """How much was found in each target; stands before the tables of a scan."""
    rows = [
        (result["Target"], result["Type"], str(len(result.get("Vulnerabilities", ()))), "-")
        for result in report["Results"]
    ]
    head = ("Target", "Type", "Vulnerabilities", "Secrets")
    legend = "Legend:\n- '-': Not scanned\n- '0': Clean (no security findings detected)\n\n"
    return f"\nReport Summary\n\n{_box(head, [[[cell] for cell in row] for row in rows])}{legend}"


def as_table(report: Report, severities: Sequence[str]) -> str:
    """One table for each target that has findings; nothing for the others."""
    parts = []
    for result in report["Results"]:
        found = result.get("Vulnerabilities", ())
        if not found:
            continue
        kind = "" if result["Class"] == "os-pkgs" else f" ({result['Type']})"
        title = f"{result['Target']}{kind}"
        counts = {
            severity: sum(one["Severity"] == severity for one in found) for severity in SEVERITIES
        }
        counted = ", ".join(f"{name}: {counts[name]}" for name in SEVERITIES if name in severities)
        cells = [_cells(one) for one in sorted(found, key=lambda one: str(one["PkgName"]))]
        total = f"Total: {len(found)} ({counted})"
        parts.append(f"\n{title}\n{'=' * len(title)}\n{total}\n\n{_box(HEAD, cells)}")
    return "".join(parts)


def _cells(found: Mapping[str, str]) -> list[list[str]]:
    title = [*textwrap.wrap(found.get("Title", ""), TITLE_WIDTH), found.get("PrimaryURL", "")]
    names = ("PkgName", "VulnerabilityID", "Severity", "Status", "InstalledVersion", "FixedVersion")
    return [*([found.get(name, "")] for name in names), title]


def _box(head: Sequence[str], rows: Sequence[Sequence[Sequence[str]]]) -> str:
    """A table drawn with lines; a cell is a list of lines."""
    widths = [
        max([len(head[n]), *(len(text) for row in rows for text in row[n])])
        for n in range(len(head))
    ]

    def rule(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (width + 2) for width in widths) + right + "\n"

    def line(cells: Sequence[str]) -> str:
        padded = (f" {cell:<{width}} " for cell, width in zip(cells, widths, strict=True))
        return "│" + "│".join(padded) + "│\n"

    centred = [name.center(width) for name, width in zip(head, widths, strict=True)]
    drawn = rule("┌", "┬", "┐") + line(centred)
    for row in rows:
        height = max(len(cell) for cell in row)
        drawn += rule("├", "┼", "┤")
        for number in range(height):
            drawn += line([cell[number] if number < len(cell) else "" for cell in row])
    return drawn + rule("└", "┴", "┘")


def as_sarif(report: Report, severities: Sequence[str]) -> str:
    """What code hosts take for their list of alerts."""
    found = [one for result in report["Results"] for one in result.get("Vulnerabilities", ())]
    described = {one["VulnerabilityID"]: one for one in found}
    identities = list(described)
    rules = [
        {
            "id": name,
            "shortDescription": {"text": described[name].get("Title", "")},
            "helpUri": described[name].get("PrimaryURL", ""),
            "defaultConfiguration": {"level": LEVELS.get(described[name]["Severity"], "none")},
            "properties": {"tags": ["vulnerability", "security", described[name]["Severity"]]},
        }
        for name in identities
    ]
    results = [
        {
            "ruleId": one["VulnerabilityID"],
            "ruleIndex": identities.index(one["VulnerabilityID"]),
            "level": LEVELS.get(one["Severity"], "none"),
            "message": {"text": _described(one)},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": _place(report, one)}}}],
        }
        for one in found
    ]
    driver = {"name": "Trivy", "version": report["Trivy"]["Version"], "rules": rules}
    document = {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(document, indent=2) + "\n"


def _described(one: Mapping[str, str]) -> str:
    return (
        f"Package: {one['PkgName']}\nInstalled Version: {one['InstalledVersion']}\n"
        f"Vulnerability {one['VulnerabilityID']}\nSeverity: {one['Severity']}\n"
        f"Fixed Version: {one.get('FixedVersion', '')}"
    )


def _place(report: Report, one: Mapping[str, str]) -> str:
    return str(one.get("PkgPath") or report["ArtifactName"])


FORMATS: Mapping[str, Callable[[Report, Sequence[str]], str]] = {
    "table": as_table,
    "json": as_json,
    "sarif": as_sarif,
}
