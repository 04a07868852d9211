"""The recorded scanner answers as trivy 0.76 does: exit codes, options, formats, failures.

What is expected here was seen with trivy itself: ``convert`` over the same reports, and ``image``
without a database.
"""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from grader import scanner
from grader.scanner.inside import scan


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("image shop:critical", 0),
        ("image --exit-code 3 shop:critical", 3),
        ("image --exit-code=3 shop:clean", 0),
        ("i --exit-code 1 --severity HIGH,CRITICAL shop:minor", 0),
        ("image --exit-code 1 --severity HIGH --severity CRITICAL shop:critical", 1),
        ("--severity HIGH image --exit-code 1 shop:critical", 0),
        ("image shop:high -s HIGH --exit-code 1 -q", 1),
        ("image -qs HIGH -f json --exit-code 1 shop:high-python", 1),
        ("image --exit-code 1 --ignore-unfixed shop:critical-unfixed", 0),
        ("image --exit-code 1 --ignore-unfixed=false shop:critical-unfixed", 1),
        ("image --exit-code 1 --severity HIGH --vuln-type os shop:high-python", 0),
        ("image --exit-code 1 --scanners secret shop:critical", 0),
        ("image --exit-code 1 --severity= shop:critical", 1),
        ("image --exit-code 256 shop:critical", 0),
        ("version", 0),
        ("", 0),
    ],
)
def test_exit_code_tells_of_findings_only_when_asked(words: str, code: int) -> None:
    assert scan.main(words.split()) == code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("image shop:no-database", "failed to download vulnerability DB"),
        ("image nowhere:1", 'unable to find the specified image "nowhere:1"'),
        ("image --severities HIGH shop:clean", "unknown flag: --severities"),
        ("image --severity high shop:clean", 'invalid argument "[high]" for "--severity"'),
        ("image --severity HIGH, CRITICAL shop:clean", 'invalid argument "[HIGH ]"'),
        ("image --exit-code one shop:clean", "strconv.ParseInt"),
        ("image --format xml shop:clean", 'invalid argument "xml" for "--format"'),
        ("image -f json -o nowhere/r.json shop:clean", "no such file or directory"),
        ("image --severity", "flag needs an argument: --severity"),
        ("image", "Require at least 1 argument"),
        ("image shop:clean shop:high", "multiple targets"),
        ("scan shop:clean", 'unknown command "scan"'),
        ("image --reset shop:clean", "removed flag"),
        ("convert --ignore-unfixed r.json", "unknown flag: --ignore-unfixed"),
    ],
)
def test_errors_end_with_1(words: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert scan.main(words.split()) == 1
    assert said in capsys.readouterr().err


def test_environment_sets_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIVY_SEVERITY", "CRITICAL,HIGH")
    monkeypatch.setenv("TRIVY_EXIT_CODE", "7")
    assert scan.main(["image", "shop:high"]) == 7
    assert scan.main(["image", "shop:minor"]) == 0
    assert scan.main(["image", "--exit-code", "2", "shop:high"]) == 2


def test_unreadable_exit_code_of_the_environment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """As trivy does: a misspelt number lets everything pass."""
    monkeypatch.setenv("TRIVY_EXIT_CODE", "abc")
    assert scan.main(["image", "shop:high"]) == 0


def test_report_in_json_names_the_image_and_the_findings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert scan.main(["image", "-f", "json", "--severity", "CRITICAL", "shop:critical"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ArtifactName"] == "shop:critical"
    system, python = report["Results"]
    found = {one["VulnerabilityID"] for one in system["Vulnerabilities"]}
    assert found == {"CVE-2024-37371", "CVE-2024-45491"}
    assert "Vulnerabilities" not in python


def test_table_counts_the_severities_that_were_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """ "CRITICAL" stands in the table of an image without one: who greps for it blocks too much."""
    scan.main(["image", "shop:minor"])
    assert "Total: 3 (UNKNOWN: 0, LOW: 2, MEDIUM: 1, HIGH: 0, CRITICAL: 0)" in (
        capsys.readouterr().out
    )
    scan.main(["image", "-s", "HIGH,CRITICAL", "shop:high"])
    assert "Total: 1 (HIGH: 1, CRITICAL: 0)" in capsys.readouterr().out


def test_output_goes_to_the_file_and_nowhere_else(
    empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scan.main(["image", "-f", "sarif", "-o", "r.sarif", "shop:high"]) == 0
    assert capsys.readouterr().out == ""
    document = json.loads((empty_folder / "r.sarif").read_text())
    assert {result["ruleId"] for result in document["runs"][0]["results"]} >= {"CVE-2023-4911"}


def test_failed_scan_leaves_no_report(empty_folder: Path) -> None:
    assert scan.main(["image", "-f", "json", "-o", "r.json", "shop:no-database"]) == 1
    assert list(empty_folder.iterdir()) == []


def test_report_is_converted() -> None:
    """The scan once, the gate afterwards: trivy's own way to have both formats."""
    assert scan.main(["image", "-f", "json", "-o", "r.json", "shop:high"]) == 0
    assert scan.main(["convert", "--severity", "HIGH", "--exit-code", "5", "r.json"]) == 5
    assert scan.main(["convert", "--severity", "CRITICAL", "--exit-code", "5", "r.json"]) == 0


def test_ignore_file_is_honoured(empty_folder: Path) -> None:
    (empty_folder / ".trivyignore").write_text("# accepted\nCVE-2023-4911 exp:2027-01-01\n")
    assert scan.main(["image", "-s", "HIGH", "--exit-code", "1", "shop:high"]) == 0
    words = ["image", "-s", "HIGH", "--exit-code", "1", "--ignorefile", "", "shop:high"]
    assert scan.main(words) == 1


def test_archive_knows_the_given_images_only() -> None:
    """Names are drawn anew for each grading; those of the course would give verdicts away."""
    drawn = {"registry.example/4f2a:1": scanner.recordings()["shop:high"]}
    with tarfile.open(fileobj=io.BytesIO(scanner.archive(drawn))) as tar:
        content = tar.extractfile("opt/scanner/recordings.json")
        assert content is not None
        assert list(json.load(content)) == list(drawn)
        assert tar.getmember("usr/local/bin/trivy").linkname == "/opt/scanner/trivy"
        assert tar.getmember("opt/scanner/trivy").mode & 0o111
