"""Exercise memory_limit: bound a service's memory, and have it come back when it hits the bound."""

from __future__ import annotations

import json

import pytest

from grader.answer.run_command import RunCommand
from grader.engine import permitted
from grader.engine.image import Image
from grader.engine.sandbox import MIB
from grader.judging.scenes import leak
from grader.judging.scenes.leak import Leak
from grader.probe.bench import Bench
from grader.probe.container import receipt
from grader.probe.start import Start
from grader.verdict.report import Evidence

pytestmark = [pytest.mark.exercise("memory_limit"), pytest.mark.observed]

MOST = 256 * MIB
LEAK_MIB = 600
BACK_SECONDS = 10.0
LEAK = f"curl -s -X POST 'http://localhost:8000/leak?mib={LEAK_MIB}'"


@pytest.fixture(scope="module")
def story(run_command: RunCommand, image: Image, start: Start) -> Leak:
    """Start as the learner says, work normally, then leak."""
    host = permitted.capped(run_command.host)
    return leak.play(image, start, config=run_command.config, host=host, leak_mib=LEAK_MIB)


@pytest.mark.points(3)
@pytest.mark.expects(
    "a limit of at most 256 MiB; ended by the OOM killer at the leak: exit code 137"
)
@pytest.mark.hint(
    "What may this container take at most? docker run has a flag for it.",
    "--memory takes a size such as 256m; the kernel ends the process that goes beyond.",
    "Write --memory=256m before the image's name.",
)
def test_limit_is_enforced(run_command: RunCommand, story: Leak, bench: Bench) -> None:
    """The kernel ends the leaking service at a limit of at most 256 MiB.

    Without a limit one leaking container takes the memory of all others, and the kernel ends
    whatever it finds, not what leaked.
    """
    limit = run_command.host.get("Memory", 0)
    bench.record(run_command.evidence)
    assert limit, (
        f"The command sets no memory limit: the service leaked {LEAK_MIB} MiB, and nobody "
        "stopped it."
    )
    assert limit <= MOST, (
        f"The limit is {limit / MIB:.0f} MiB; the machine has at most 256 MiB for it."
    )
    assert not run_command.host.get("OomKillDisable"), (
        "--oom-kill-disable makes the service hang at its limit instead of ending it."
    )
    assert story.end is not None, (
        f"The leak came to {story.answer} and the container's first process lived on: "
        f"the limit didn't end the service.{story.container.last_words()}"
    )
    bench.record(
        Evidence(
            f"{LEAK}; docker events --since 1m --until 0s -f container=web -f event=die "
            "--format 'die {{.Actor.Attributes.exitCode}}'",
            f"die {story.end.code}",
        )
    )
    assert story.is_oom, (
        f"The container ended with exit code {story.end.code}, and the kernel's OOM killer had no "
        "part in it."
    )
    assert story.end.code == 137, (
        f"The OOM killer ended a process, but the container's first process ended with exit code "
        f"{story.end.code} instead of 137."
    )


@pytest.mark.points(2)
@pytest.mark.expects("MemorySwap equal to Memory: no swap on top")
@pytest.mark.hint(
    "A limit on memory alone says nothing about swap.",
    "--memory-swap is the sum of memory and swap; Docker's default is twice the memory.",
    "Write --memory-swap with the same value as --memory.",
)
def test_no_swap_escape(run_command: RunCommand, story: Leak, bench: Bench) -> None:
    """The service can't go beyond its limit by swapping.

    A service that swaps is slow for minutes before it dies, and makes its neighbours slow as well.
    """
    memory = run_command.host.get("Memory", 0)
    swap = run_command.host.get("MemorySwap", 0)
    bench.record(run_command.evidence)
    assert memory, "There is no memory limit, so there is none on swap either."
    assert swap != -1, "--memory-swap=-1 lets the service swap without any limit."
    assert swap, (
        f"With --memory={memory // MIB}m alone Docker allows as much swap again: "
        f"{2 * memory // MIB} MiB in all."
    )
    assert swap == memory, (
        f"--memory-swap is the sum of both: {swap / MIB:.0f} MiB leaves "
        f"{(swap - memory) / MIB:.0f} MiB of swap beside {memory / MIB:.0f} MiB of memory."
    )
    if bench.engine.facts.swap and story.usage.swap_limit is not None:
        assert story.usage.swap_limit <= memory, (
            f"The kernel's own limit on memory and swap is {story.usage.swap_limit / MIB:.0f} MiB."
        )


@pytest.mark.points(1)
@pytest.mark.expects("HTTP 200 with the batch's scores")
@pytest.mark.hint(
    "How much does the service need when it works normally? docker stats shows it.",
    "Leave room above the normal load: about 130 MiB here.",
)
def test_normal_load_survives(story: Leak, bench: Bench) -> None:
    """The same service handles its normal load within the limit.

    A limit that is too tight turns every busy hour into an outage.
    """
    bench.record(
        Evidence(
            f"{receipt.CURL} --retry 9 --retry-all-errors -X POST -d '{json.dumps(leak.BATCH)}' http://localhost:8000/predict",
            receipt.answered(story.load),
        )
    )
    assert story.load.ok, f"A batch of predictions came to {story.load}" + (
        " and the kernel ended the service for lack of memory." if story.is_oom else "."
    )


@pytest.mark.points(2)
@pytest.mark.needs("limit_is_enforced")
@pytest.mark.expects("running again, and HTTP 200 from /health")
@pytest.mark.hint(
    "Who starts the service again after the kernel ended it?",
    "docker run --restart takes a policy: no, on-failure, always or unless-stopped.",
    "Write --restart=on-failure:5 before the image's name.",
)
def test_comes_back(story: Leak) -> None:
    """After the kernel ended it, the service is started again and answers.

    An OOM kill is a crash like any other: without a restart policy it is the end of the service.
    """
    came = story.container.wait_restart(BACK_SECONDS)
    assert came, (
        f"The container ended with exit code {story.end.code if story.end else '?'} and was not "
        "started again."
    )
    answer = story.container.get("/health", wait=BACK_SECONDS)
    assert answer.ok, f"The container was started again, but /health came to {answer}."
