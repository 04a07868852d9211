"""Exercise release_workflow: a pipeline that can't release what it hasn't tested and scanned.

Jobs and conditions are followed; scripts run in a real shell on the stage. No GitHub is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from grader import workflow as workflows
from grader.judging import release
from grader.judging.release import FILE, FINDINGS, GREEN, PUSHES
from grader.probe.bench import Bench
from grader.verdict.report import Evidence
from grader.workflow import leak, pin, privilege, scenario
from grader.workflow.machine import Failing
from grader.workflow.rehearsal import Rehearsal
from grader.workflow.run import Runs

pytestmark = [pytest.mark.exercise("release_workflow")]


@pytest.fixture(scope="module")
def rehearsal(bench: Bench) -> Iterator[Rehearsal]:
    with Rehearsal(bench.session) as started:
        yield started


@pytest.fixture(scope="module")
def follows(answers: Mapping[str, str], given: Mapping[str, bytes], rehearsal: Rehearsal) -> Runs:
    """What the workflow comes to, for any event."""
    repository = {name: content.decode() for name, content in given.items()}
    found = Runs(workflows.read(answers[FILE]), rehearsal, repository)
    release.assert_readable(found)
    return found


@pytest.mark.points(1)
@pytest.mark.expects("a workflow that GitHub accepts")
@pytest.mark.hint(
    "GitHub tells what it can't read on the Actions page; actionlint tells it on your machine.",
    "Look at the indentation, the spelling of keys, and at the names in needs and ${{ }}.",
)
def test_valid_workflow(follows: Runs, bench: Bench) -> None:
    """GitHub accepts the file: its keys, needs and expressions are ones that exist.

    A workflow that can't be read never runs, and nothing turns red.
    """
    workflow = follows.workflow
    jobs = ", ".join(f"{job.id} ({len(job.steps)} steps)" for job in workflow.jobs.values())
    bench.record(
        Evidence(f"cat -n {FILE}", f"on: {', '.join(workflow.triggers)}; jobs: {jobs}", told=True)
    )
    assert workflow.jobs, "The workflow has no jobs."


@pytest.mark.points(2)
@pytest.mark.expects("the image is built, tested, scanned and pushed")
@pytest.mark.hint(
    "Follow one push to main through every job: does each step find what it needs?",
    "A later step sees an image only if the build left it in the engine or sent it somewhere.",
    "Check out, log in, build with load: true (or docker build), and push with packages: write.",
)
def test_pushes_on_main_when_all_green(follows: Runs, bench: Bench) -> None:
    """A push to main ends with the image in the registry when all is well.

    A pipeline that is safe because it never releases anything is of no use.
    """
    release.assert_released(follows, bench)


@pytest.mark.points(2)
@pytest.mark.needs("pushes_on_main_when_all_green")
@pytest.mark.expects("the run ends without a push")
@pytest.mark.hint(
    "A scanner reports; what turns its report into a failed step?",
    "An exit code other than 0 for HIGH and CRITICAL, and nothing that swallows it: no "
    "continue-on-error, no || true, no pipe without pipefail.",
    "always() and !cancelled() let a step run after a failure.",
)
def test_no_push_when_scan_fails(follows: Runs, bench: Bench) -> None:
    """A finding of severity HIGH or CRITICAL stops the release.

    A scan whose result nobody waits for is a log line.
    """
    release.assert_has(follows, "scan", "No step scans an image on a push to main.")
    expected = "After such a finding nothing should be pushed."
    release.assert_not_pushed(follows, bench, scenario.RELEASES, FINDINGS, ("push",), expected)


@pytest.mark.points(2)
@pytest.mark.needs("pushes_on_main_when_all_green")
@pytest.mark.expects("the run ends without a push")
@pytest.mark.hint(
    "Which step's failure would you see, and which steps run all the same?",
    "A job that pushes has to need the job that tests.",
    "The exit code of a script is its last command's, unless set -e ends it before.",
)
def test_no_push_when_tests_fail(follows: Runs, bench: Bench) -> None:
    """Failing tests stop the release.

    Tests protect users only if their failure has a consequence.
    """
    missing = "No step runs the tests in tests/ on a push to main."
    release.assert_has(follows, "test", missing)
    failing = [Failing(tests=True)]
    expected = "After failing tests nothing should be pushed."
    release.assert_not_pushed(follows, bench, scenario.RELEASES, failing, ("push",), expected)


@pytest.mark.points(2)
@pytest.mark.needs("pushes_on_main_when_all_green")
@pytest.mark.expects("the run, if there is one, ends without any push")
@pytest.mark.hint(
    "Which events start this workflow, and what does the pushing step ask before it runs?",
    "if: github.event_name == 'push', on the job or step that pushes.",
)
def test_no_push_on_pull_request(follows: Runs, bench: Bench) -> None:
    """A pull request pushes nothing, not even a candidate.

    Its code hasn't been reviewed; anyone may have written it.
    """
    expected = "A pull request should end without a push."
    release.assert_not_pushed(follows, bench, scenario.REQUESTS, [GREEN], PUSHES, expected)


@pytest.mark.points(2)
@pytest.mark.needs("pushes_on_main_when_all_green")
@pytest.mark.expects("every released build was scanned before")
@pytest.mark.hint(
    "How many times does your workflow build, and which of the images is scanned?",
    "Build once; scan and push that image by its tag, archive or digest.",
    "docker tag and docker push instead of a second build-push-action.",
)
def test_scans_what_it_pushes(follows: Runs, bench: Bench) -> None:
    """The image that is pushed is the very build that was scanned.

    A second build may get another base image or another package; its scan never happened.
    """
    release.assert_scanned(follows, bench)


@pytest.mark.points(1)
@pytest.mark.expects("owner/action@ and 40 digits, image:version or image@sha256")
@pytest.mark.hint(
    "Who could change what v4 or main means tomorrow?",
    "A tag is a name that its owner moves; a commit's full hash isn't. Write the version beside it "
    "as a comment.",
)
def test_actions_are_pinned(follows: Runs, bench: Bench) -> None:
    """Every action is a full commit, and every image that a step runs has a version.

    An action runs with the job's token and secrets, and whoever takes over a tag runs with them.
    """
    used = dict.fromkeys(step.uses for step in follows.workflow.steps if step.uses)
    bench.record(Evidence(f"grep -n 'uses:\\|jobs:' {FILE}", "\n".join(used)))
    release.assert_none(list(pin.loose(follows.workflow, release.doings(release.shown(follows)))))


@pytest.mark.points(1)
@pytest.mark.expects("contents: read, and packages: write where the push is")
@pytest.mark.hint(
    "What may a job's token do when permissions says nothing?",
    "permissions: {contents: read} at the top, and {contents: read, packages: write} in the job "
    "that pushes: a job's own list replaces the one at the top.",
    "A scanner in a container needs the engine's socket only from an image that can't change.",
)
def test_least_privilege(follows: Runs, bench: Bench) -> None:
    """Each job may do what its steps need, and no more.

    What a job can't do, nobody can make it do: no test, no action, no stranger's pull request.
    """
    allowed = "\n".join(
        f"job {job.id}: {job.permissions}" for job in follows.workflow.jobs.values()
    )
    bench.record(Evidence(f"grep -n -A3 'permissions:\\|jobs:' {FILE}", allowed, told=True))
    release.assert_none(list(privilege.excess(follows.workflow, release.every(follows))))


@pytest.mark.points(1)
@pytest.mark.expects("no secret in an echo, an argument or a build argument")
@pytest.mark.hint(
    "Where does a secret end up: in the log, in the list of processes, in the image's history?",
    "Give it to a command through its environment or standard input: --password-stdin.",
)
def test_secrets_not_printed(follows: Runs, bench: Bench) -> None:
    """No secret is printed, given on a command line or built into the image.

    GitHub masks a secret that it recognises; encoded or cut in pieces it doesn't.
    """
    bench.record(Evidence(f"grep -n 'secrets\\.\\|jobs:' {FILE}", "(where secrets are used)"))
    release.assert_none(list(leak.found(release.shown(follows), follows.rehearsal.concrete)))
