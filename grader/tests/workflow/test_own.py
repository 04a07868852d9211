"""The project practises what it teaches: its own workflows keep the rules of release_workflow.

Those about images don't apply: nothing is released here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import workflow as workflows
from grader.exercise import project
from grader.judging import release
from grader.tests.workflow.followed import rehearsal
from grader.workflow import leak, pin, privilege
from grader.workflow.run import Runs

FOLDER = project.ROOT / ".github" / "workflows"
OWN = sorted(path.name for path in FOLDER.glob("*"))
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
COMMIT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"


def problems(text: str, name: str) -> Iterator[str]:
    """What valid_workflow, actions_are_pinned, least_privilege and secrets_not_printed would say.
    Raises LearnerFault when GitHub wouldn't accept the file."""
    workflow = workflows.read(text, name)
    assert workflow.jobs
    follows = Runs(workflow, rehearsal(), workflows.given_files())
    runs = follows.regardless()
    yield from pin.loose(workflow, release.doings(runs))
    yield from privilege.excess(workflow, [])
    yield from leak.found(runs, follows.rehearsal.concrete)


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    """What zizmor finds without asking anybody. It ends with 0 when that is nothing."""
    return subprocess.run(
        [Path(sys.executable).with_name("zizmor"), "--offline", "--no-config", folder],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tests_have_a_workflow() -> None:
    texts = [(FOLDER / name).read_text(encoding="utf-8") for name in OWN]
    assert any(".ci/run" in text and "pull_request:" in text for text in texts)


@pytest.mark.parametrize("name", OWN)
def test_own_rules_are_kept(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert list(problems(text, name)) == []
    assert [line for line in text.splitlines() if "uses:" in line and not PINNED.search(line)] == []
    assert "secrets." not in text


def test_zizmor_finds_nothing() -> None:
    done = zizmor(project.ROOT / ".github")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (COMMIT, "actions/checkout@v7", "a commit's 40 digits stay"),
        ("contents: read", "contents: write", "none of its steps uses that"),
        ("run: sudo", "run: echo ${{ secrets.KEY }}; sudo", "prints secrets.KEY"),
    ],
)
def test_a_step_aside_is_found(before: str, after: str, said: str) -> None:
    text = (FOLDER / "tests.yml").read_text(encoding="utf-8")
    assert before in text
    assert any(said in problem for problem in problems(text.replace(before, after), "tests.yml"))


def test_zizmor_finds_a_tag(tmp_path: Path) -> None:
    text = (FOLDER / "tests.yml").read_text(encoding="utf-8")
    copy = tmp_path / ".github" / "workflows" / "tests.yml"
    copy.parent.mkdir(parents=True)
    copy.write_text(text.replace(COMMIT, "actions/checkout@v7"), encoding="utf-8")
    done = zizmor(tmp_path / ".github")
    assert done.returncode != 0
    assert "unpinned-uses" in done.stdout
