"""JUnit XML, as CI systems read it: a suite per student and exercise, a case per check."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from grader.batch.coordinator import Graded
from grader.verdict.report import CheckResult, Status
from grader.verdict.text import clean


def write(path: Path, graded: Iterable[Graded]) -> None:
    """Write one file. Raises OSError."""
    root = ElementTree.Element("testsuites", name="drydock")
    for each in sorted(graded, key=lambda one: (one.entry.student, one.entry.exercise)):
        root.append(_suite(each))
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _suite(graded: Graded) -> ElementTree.Element:
    name = f"{graded.entry.student}.{graded.entry.exercise or graded.entry.source.name}"
    suite = ElementTree.Element("testsuite", name=clean(name))
    cases = [_case(check, clean(name)) for check in graded.report.checks] if graded.report else []
    if not cases:
        case = ElementTree.Element("testcase", name="graded", classname=clean(name))
        ElementTree.SubElement(case, "error", message=clean(graded.problem))
        cases.append(case)
    suite.extend(cases)
    for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(count, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("tests", str(len(cases)))
    if graded.report:
        suite.set("time", f"{graded.report.seconds:.3f}")
    return suite


def _case(check: CheckResult, suite: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", name=check.id, classname=suite)
    case.set("time", f"{check.seconds:.3f}")
    tag = {Status.FAILED: "failure", Status.ERROR: "error", Status.SKIPPED: "skipped"}
    if check.status in tag:
        outcome = ElementTree.SubElement(case, tag[check.status], message=clean(check.message))
        outcome.text = "\n".join(
            f"{item.prompt}{clean(item.command)}\n{clean(item.observed)}\n"
            f"expected: {clean(item.expected)}"
            for item in check.evidence
        )
    return case
