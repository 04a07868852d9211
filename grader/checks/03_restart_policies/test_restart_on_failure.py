"""Exercise restart_on_failure: three more attempts after a crash, none after a clean end."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from grader.answer.run_command import RunCommand
from grader.engine import permitted
from grader.engine.image import Image
from grader.judging import restart
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("restart_on_failure")

MOST = 3
LOOP_SECONDS = 20.0
"""Three attempts take about 2 s: 100, 200 and 400 ms of waiting, and three starts."""
END_SECONDS = 6.0
"""The service ends at its start, or something keeps its container alive."""
BROKEN = "MODEL=missing.json"
ONCE = "ONCE=1"
STATUS = "docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}' web"


@dataclass(frozen=True)
class Lives:
    """The service three times, with the learner's flags: serving, crashing at each start, and
    ending well after one batch. The latter two live beside, with nobody asking them anything."""

    serving: Container
    broken: Container
    once: Container


@pytest.fixture(scope="module")
def lives(run_command: RunCommand, image: Image, start: Start) -> Lives:
    host = permitted.capped(run_command.host)

    def beside(setting: str) -> Container:
        name = setting.partition("=")[0]
        kept = [one for one in run_command.config.get("Env", ()) if one.partition("=")[0] != name]
        config = {**run_command.config, "Env": [*kept, setting]}
        return start(image, config=config, host=host, beside=True)

    broken, once = beside(BROKEN), beside(ONCE)
    return Lives(start(image, config=run_command.config, host=host), broken, once)


def _typed(command: RunCommand, setting: str) -> str:
    """The learner's command with an environment variable of ours, in place of the one before."""
    return "docker rm -f web; " + re.sub(r"\brun\b", f"run -e {setting}", command.text, count=1)


def _record(container: Container, before: str, wait: int, bench: Bench) -> None:
    state = container.state
    status = "running" if state.running else "exited"
    shown = f"{status} {state.exit_code} {state.restarts}"
    bench.record(Evidence(f"{before}; sleep {wait}; {STATUS}", shown))


@pytest.mark.points(2)
@pytest.mark.expects("running again, and HTTP 200 from /health")
@pytest.mark.hint(
    "Who starts the service again when its process has ended?",
    "docker run --restart takes a policy: no, on-failure, always or unless-stopped.",
)
def test_restarts_on_crash(lives: Lives, bench: Bench) -> None:
    """When the service crashes, Docker starts it again and it answers.

    Most crashes are over with a new start: a request that nobody had thought of, a lost connection.
    """
    restart.back_after_crash(lives.serving, "/crash?code=3", bench)


@pytest.mark.points(2)
@pytest.mark.expects("exited, and started again exactly three times")
@pytest.mark.hint(
    "What becomes of a service that crashes at every start?",
    "on-failure takes a number behind a colon: how often Docker tries again.",
    "Write --restart=on-failure:3 before the image's name.",
)
def test_gives_up_after_three(lives: Lives, run_command: RunCommand, bench: Bench) -> None:
    """A service that crashes at every start is started again three times, then left down.

    A service in a crash loop looks alive from afar. Down, it is noticed and mended.
    """
    ended = lives.broken.wait_event("die", END_SECONDS)
    settled = ended and lives.broken.wait_settled(LOOP_SECONDS, most=MOST)
    _record(lives.broken, _typed(run_command, BROKEN), 4, bench)
    state = lives.broken.state
    assert settled, (
        f"With a model that can't be read the service crashes at every start, and its container "
        f"still runs (started again {state.restarts} times): something in it starts the service "
        "over and over, and Docker never hears of a crash."
    )
    assert state.restarts <= MOST, (
        f"The service crashed at every start, and Docker started it again {state.restarts} times "
        "and more; it should give up after 3."
    )
    assert state.restarts, (
        f"The service crashed at its start (exit code {state.exit_code}) and was never started "
        "again; Docker should try three times."
    )
    assert state.restarts == MOST, (
        f"Docker gave up when it had started the service again {state.restarts} "
        f"time{'s' if state.restarts > 1 else ''}; it should try three times."
    )


@pytest.mark.points(1)
@pytest.mark.expects("exited with 0, and never started again")
@pytest.mark.hint(
    "Which policies look at the exit code?",
    "always and unless-stopped start a job again that has done its work; on-failure doesn't.",
)
def test_clean_exit_stays_down(lives: Lives, run_command: RunCommand, bench: Bench) -> None:
    """A service that ends well, with exit code 0, stays down.

    A batch that was scored is done; started again, it is scored again, and paid for again.
    """
    settled = lives.once.wait_settled(END_SECONDS, most=0)
    _record(lives.once, _typed(run_command, ONCE), 2, bench)
    state = lives.once.state
    assert settled, (
        f"With ONCE=1 the service ends after one batch; its container still runs after "
        f"{END_SECONDS:.0f} s."
    )
    assert not state.restarts, (
        "The service scored its batch and ended well, and Docker started it again."
    )
    assert state.exit_code == 0, (
        f"The service ended well, and its container ended with exit code {state.exit_code}: "
        "something in between changes the code."
    )
