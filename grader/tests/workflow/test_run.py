"""Jobs and steps run, and images keep their identity, as on GitHub."""

from __future__ import annotations

import pytest

from grader import workflow as workflows
from grader.tests.workflow.followed import tell
from grader.verdict.outcome import LearnerFault, NotInLab
from grader.workflow import scenario
from grader.workflow.machine import Failing
from grader.workflow.run import Run
from grader.workflow.trigger import Event, matches, starts

HEAD = "on: [push, pull_request]\njobs:\n"


def run(jobs: str, event: Event = scenario.PUSH, failing: Failing | None = None) -> Run:
    found = tell(workflows.read(HEAD + jobs), event, failing or Failing())
    assert len(found) == 1, "everything is known here"
    return found[0]


def job(name: str, *steps: str, more: str = "") -> str:
    lines = "".join(f"      - {step}\n" for step in steps)
    extra = "".join(f"    {line}\n" for line in more.splitlines())
    return f"  {name}:\n    runs-on: x\n{extra}    steps:\n{lines}"


def outcomes(found: Run) -> list[str]:
    return [told.outcome for told in found.told]


def test_steps_after_a_failure_are_skipped_unless_they_ask() -> None:
    steps = [
        "run: exit 1",
        "run: 'true'",
        "{run: 'true', if: always()}",
        "{run: ':', if: failure()}",
    ]
    assert outcomes(run(job("a", *steps))) == ["failure", "skipped", "success", "success"]


def test_an_excused_failure_shows_in_outcome_alone() -> None:
    """https://docs.github.com/actions/reference/workflows-and-actions/contexts#steps-context"""
    found = run(
        job(
            "a",
            "{id: s, run: exit 1, continue-on-error: true}",
            "{run: 'true', if: steps.s.outcome == 'failure' && steps.s.conclusion == 'success'}",
        )
    )
    assert outcomes(found) == ["failure", "success"]
    assert found.results == {"a": "success"}


def test_an_excused_job_counts_as_success_for_those_who_need_it() -> None:
    """https://github.com/actions/toolkit/issues/581"""
    jobs = job("a", "run: exit 1", more="continue-on-error: true") + job(
        "b", "run: 'true'", more="needs: a\nif: needs.a.result == 'success'"
    )
    assert run(jobs).results == {"a": "success", "b": "success"}


def test_a_skip_goes_down_the_whole_chain() -> None:
    """https://github.com/actions/runner/issues/491"""
    jobs = (
        job("a", "run: 'true'", more="if: false")
        + job("b", "run: 'true'", more="needs: a\nif: always()")
        + job("c", "run: 'true'", more="needs: b")
    )
    assert run(jobs).results == {"a": "skipped", "b": "success", "c": "skipped"}


def test_one_failing_leg_fails_the_matrix() -> None:
    more = "strategy: {matrix: {n: [1, 2], exclude: [{n: 1}], include: [{n: 3}]}}"
    found = run(job("a", "run: '[ ${{ matrix.n }} = 2 ]'", more=more))
    assert (outcomes(found), found.results) == (["success", "failure"], {"a": "failure"})


def test_included_legs_are_matched_with_the_matrix_alone() -> None:
    """https://docs.github.com/actions/how-tos/write-workflows/choose-what-workflows-do/run-job-variations
    expands ``fruit: banana`` and ``fruit: banana, animal: cat`` into two legs."""
    more = "strategy: {matrix: {os: [a], n: [1], include: [{os: b}, {n: 2}, {1: x}]}}"
    assert outcomes(run(job("a", "run: '[ a${{ matrix.os }} != ab ]'", more=more))) == [
        "success",
        "failure",
        "success",
    ]


FAILING = {
    "env of a step": (["{run: 'true', env: {A: \"${{ fromJSON('x') }}\"}}"], ""),
    "env of a job": (["run: 'true'"], "env: {A: \"${{ fromJSON('x') }}\"}"),
    "outputs": (["run: 'true'"], "outputs: {A: \"${{ fromJSON('x') }}\"}"),
    "continue-on-error": (["run: 'false'"], "continue-on-error: ${{ fromJSON('x') }}"),
}


@pytest.mark.parametrize(("steps", "more"), FAILING.values(), ids=list(FAILING))
def test_an_expression_that_fails_fails_its_job(steps: list[str], more: str) -> None:
    """Wherever it stands, and with its reason in what is told."""
    found = run(job("a", *steps, more=more))
    assert found.results == {"a": "failure"}
    assert any("fromJSON() can't read 'x'" in note for note in found.told[-1].notes)


def test_outputs_travel_from_steps_to_jobs() -> None:
    jobs = job(
        "a",
        '{id: s, run: echo "tag=v$((1 + 1))" >> "$GITHUB_OUTPUT"}',
        more="outputs: {tag: '${{ steps.s.outputs.tag }}'}",
    ) + job("b", "run: '[ ${{ needs.a.outputs.tag }} = v2 ]'", more="needs: a")
    assert run(jobs).results == {"a": "success", "b": "success"}


def test_the_environment_file_reaches_later_steps_only() -> None:
    steps = ['run: echo "A=1" >> $GITHUB_ENV && [ -z "$A" ]', "run: '[ $A = 1 ]'"]
    assert outcomes(run(job("a", *steps))) == ["success", "success"]


BUILDX = "uses: docker/setup-buildx-action@v3"
BUILD = "{uses: docker/build-push-action@v6, with: {context: ., tags: s, load: %s}}"


@pytest.mark.parametrize(
    ("steps", "went"),
    [
        (["run: docker build -t s .", "run: docker tag s t && docker save t -o f"], True),
        ([BUILD % "false", "run: docker save s -o f"], True),
        ([BUILDX, BUILD % "false", "run: docker save s -o f"], False),
        ([BUILDX, BUILD % "true", "run: docker save s -o f"], True),
        ([BUILDX, "run: docker buildx build -t s .", "run: docker save s -o f"], False),
        ([BUILDX, "run: docker buildx build --load -t s .", "run: docker save s -o f"], True),
        ([BUILDX, "run: docker build -t s .", "run: docker save s -o f"], True),
    ],
)
def test_where_a_build_leaves_its_image(steps: list[str], went: bool) -> None:
    """https://docs.docker.com/build/builders/ and its drivers: only the default builder, or
    ``--load``, puts the image into the engine; ``docker build`` takes the default builder."""
    found = run(job("a", "uses: actions/checkout@v4", *steps))
    assert (found.results["a"] == "success") is went


def test_an_image_keeps_its_identity_through_tags_and_archives() -> None:
    jobs = job(
        "a",
        "uses: actions/checkout@v4",
        "run: id=$(docker build -q .) && docker tag $id s:1 && docker save s:1 | gzip > s.tar.gz",
        "{uses: actions/upload-artifact@v4, with: {name: i, path: s.tar.gz}}",
    ) + job(
        "b",
        "{uses: actions/download-artifact@v4, with: {name: i}}",
        "run: docker login -u a --password-stdin r.example <<< secret",
        "run: zcat s.tar.gz | docker load && docker tag s:1 r.example/s:2",
        "run: docker push r.example/s:2",
        more="needs: a",
    )
    found = run(jobs)
    assert found.of("push")[0].image == found.of("build")[0].image


def test_a_fork_is_given_no_secrets() -> None:
    steps = ["{uses: docker/login-action@v3, with: {username: a, password: '${{ secrets.P }}'}}"]
    own, fork = scenario.REQUESTS[:2]
    assert run(job("a", *steps), own).results == {"a": "success"}
    assert run(job("a", *steps), fork).results == {"a": "failure"}


def test_what_only_github_knows_is_told_both_ways() -> None:
    text = HEAD + job("a", "{id: s, uses: a/b@v1}", "{run: 'true', if: steps.s.outputs.x == 'y'}")
    ways = tell(workflows.read(text), scenario.PUSH, Failing())
    assert sorted(outcomes(way)[1] for way in ways) == ["skipped", "success"]


def test_a_script_that_never_ends_is_given_up() -> None:
    """Its end is the grader's to call, and no verdict."""
    with pytest.raises(NotInLab, match=r"takes longer than|more commands than"):
        run(job("a", "run: 'while true; do :; done'"))


PATTERNS = [
    ("main", "main", True),
    ("ma*", "main", True),
    ("*", "feature/a", False),
    ("**", "feature/a", True),
    ("releases/**", "releases/10/beta", True),
    ("v[12].[0-9]+.[0-9]+", "v1.10.1", True),
    ("v[12].[0-9]+.[0-9]+", "v3.1.1", False),
    ("*.jsx?", "page.js", True),
    ("**/docs/**", "docs/a.md", True),
    ("v1\\*", "v1*", True),
    ("a?" * 200 + "b", "a" * 200, False),
]


@pytest.mark.parametrize(("pattern", "name", "expected"), PATTERNS)
def test_filter_patterns(pattern: str, name: str, expected: bool) -> None:
    """The examples of GitHub's cheat sheet, and one on which a backtracking matcher would hang."""
    assert matches(pattern, name) is expected


def test_filters_of_tags_and_branches() -> None:
    """With filters of one kind only, the other kind starts nothing."""
    tag = scenario.RELEASES[1]
    assert starts({"push": None}, tag, ())
    assert not starts({"push": {"branches": ["**"]}}, tag, ())
    assert not starts({"push": {"tags": ["v*"]}}, scenario.PUSH, ("a",))
    assert starts({"push": {"branches": ["main", "!x"], "tags": ["v*"]}}, scenario.PUSH, ("a",))
    assert not starts({"push": {"branches": ["**", "!main"]}}, scenario.PUSH, ("a",))
    assert not starts({"push": {"paths": ["docs/**"]}}, scenario.PUSH, ("app.py",))
    assert not starts({"pull_request": {"types": ["closed"]}}, scenario.REQUESTS[0], ("a",))


def test_numbers_and_words_are_those_of_yaml_1_2() -> None:
    """``on`` is a key, and a leading zero neither makes octal numbers nor faults."""
    read = workflows.read("on: push\nenv: {A: 08, B: no}\njobs:\n" + job("a", "run: 'true'"))
    assert read.env == {"A": 8, "B": "no"}


def test_private_characters_are_refused() -> None:
    """They mark what isn't known; an answer must not forge them."""
    with pytest.raises(LearnerFault, match="private characters"):
        workflows.read("on: push # \ue000simage-1\ue001\n")


MALFORMED = {
    "env: {A: !!int words}": "type it is tagged with",
    "env: {A: !!bool maybe}": "type it is tagged with",
    "env: {A: !!float ''}": "type it is tagged with",
    "env: {A: !!timestamp 2020-01-01}": "the tag",
    'env: {A: "\\ud800"}': "half a character",
    'env: {A: "\\ue000simage 1\\ue001"}': "private characters",
    f"env: {{A: {'9' * 20}}}": "beyond 64 bits",
    f"env: {{A: {'9' * 5000}}}": "beyond 64 bits",
    f"env: {{A: 0x{'f' * 300}}}": "beyond 64 bits",
    "defaults: bash": "the file: defaults should be a mapping",
    "defaults: {run: bash}": "defaults, run should be a mapping",
    "defaults: {run: {shell: [bash]}}": "defaults, run, shell should be text",
    "defaults: {shell: bash}": "a key 'shell'",
}


@pytest.mark.parametrize(("line", "says"), MALFORMED.items(), ids=[key[:30] for key in MALFORMED])
def test_a_malformed_line_is_a_fault_of_the_file(line: str, says: str) -> None:
    """A slip mustn't end the grader."""
    with pytest.raises(LearnerFault, match=says):
        workflows.read(f"{line}\n{HEAD}{job('a', 'run: a')}")


MALFORMED_ON = {
    "{workflow_dispatch: {inputs: [tag]}}": "inputs should be a mapping",
    "{workflow_dispatch: {inputs: {tag: v1}}}": "inputs, tag should be a mapping",
    "{workflow_call: {secrets: inherit}}": "secrets should be a mapping",
}


@pytest.mark.parametrize(("asked", "says"), MALFORMED_ON.items(), ids=list(MALFORMED_ON))
def test_malformed_inputs_are_a_fault_of_the_file(asked: str, says: str) -> None:
    with pytest.raises(LearnerFault, match=says):
        workflows.read(f"on: {asked}\njobs:\n{job('a', 'run: a')}")


MALFORMED_JOBS = {
    "defaults: {run: bash}": "job a: defaults, run should be a mapping",
    "outputs: ${{ github.ref }}": "job a: outputs should be a mapping",
    "outputs: ['${{ github.ref }}']": "job a: outputs should be a mapping",
    "if: {a: b}": "job a, if should be one condition",
}


@pytest.mark.parametrize(("line", "says"), MALFORMED_JOBS.items(), ids=list(MALFORMED_JOBS))
def test_a_malformed_job_is_a_fault_of_the_file(line: str, says: str) -> None:
    with pytest.raises(LearnerFault, match=says):
        workflows.read(HEAD + job("a", "run: a", more=line))


def test_a_job_whose_id_is_no_text_is_not_followed() -> None:
    """GitHub would take ``true:`` for a name: nothing to blame, and nothing to stumble over."""
    with pytest.raises(NotInLab, match="whose id is true"):
        workflows.read(HEAD + job("true", "run: a"))


def test_the_largest_numbers_are_read() -> None:
    read = workflows.read(f"env: {{A: {2**64 - 1}}}\n{HEAD}{job('a', 'run: a')}")
    assert read.env == {"A": 2**64 - 1}
