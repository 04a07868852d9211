"""Whether a scan of an image finds a hole that is known and mended, in what was added to the base.

It goes by the metadata of installed Python packages and by a recorded database, so that the answer
is the same tomorrow.
"""

from __future__ import annotations

from grader.judging.contents import Contents
from grader.probe.bench import Bench
from grader.scanner import advisories
from grader.verdict.report import Evidence


def assert_none_severe(seen: Contents, recorded: bytes, bench: Bench) -> None:
    """Nothing HIGH or CRITICAL that has a fix, and no package that hides. ``recorded`` is the
    database's text."""
    database = advisories.read(recorded)
    installed = advisories.packages(seen.filesystem, seen.layers.base_layers)
    found = advisories.findings(installed, database)
    severe = [pair for pair in found if pair[1].fixed and pair[1].severity in advisories.SEVERE]
    rows = [
        f"{advisory.id} {advisory.severity} {package.name} {package.version}, fixed in "
        f"{advisory.fixed or 'no version'}: {advisory.title}"
        for package, advisory in found
    ]
    bench.record(
        Evidence(
            "docker export web | tar -t | grep -oE '[^/]+-[^/]+[.]dist-info/METADATA' | sort -u",
            "\n".join(rows) or f"nothing in {len(installed)} packages",
            told=True,
        )
    )
    hidden = advisories.hidden(installed, database)
    assert not hidden, (
        f"{hidden[0].name} in {hidden[0].place} has no metadata, so a scanner can't tell its "
        "version: hiding a package doesn't mend it."
    )
    if severe:
        package, advisory = severe[0]
        raise AssertionError(
            f"{package.name} {package.version} in {package.place} has {advisory.id} "
            f"({advisory.severity}: {advisory.title}), fixed in {advisory.fixed}."
        )
