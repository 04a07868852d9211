"""Exercise health_endpoint: /health says whether the instance can work, now and at little cost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from grader.engine.image import Image
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.facts import Response
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("health_endpoint")

LOAD_SECONDS = 4
"""How long loading takes unless it is cut short: for whoever doesn't answer meanwhile."""
QUICK_SECONDS = 2.0
LOADED_SECONDS = 10.0
FOLLOW_SECONDS = 4.0
"""Until /health has to follow what has changed."""
PAUSE_SECONDS = 0.03
ARRIVED, WEIGHTS = "/data/arrived", "/data/weights.bin"
HEALTH_REQUESTS = 12
MOST_PREDICTIONS = 5.0
"""As many predictions' time may that many health requests and a prediction take: about two when
/health only looks, thirteen when it works."""
ROUNDS = 4
FEATURES = {"features": [1.0, 2.0, 3.0]}
HEALTH = "curl -si localhost:8000/health"
RELOAD = (
    f"docker exec web rm -f {ARRIVED} {WEIGHTS}; docker restart -t 0 web > /dev/null; "
    "until curl -so /dev/null localhost:8000/health; do sleep 0.1; done; "
)
LOADED = (
    f"docker exec web touch {ARRIVED}; until curl -sf localhost:8000/health; do sleep 0.1; done; "
)
NO_GPU = (
    "docker run --rm -e REQUIRE_GPU=1 -e LOAD_SECONDS=0 web sh -c 'uvicorn app:app & sleep 4; "
    'python -c "import http.client as h; c = h.HTTPConnection(\\"localhost\\", 8000); '
    'c.request(\\"GET\\", \\"/health\\"); print(c.getresponse().status)"\''
)


@dataclass(frozen=True)
class Loading:
    """What the service said at first. ``early``: before the model was loaded; ``late``: the first
    answer, when there was none before that."""

    container: Container
    early: Response | None
    late: Response | None


@dataclass(frozen=True)
class Burst:
    """Seconds for one prediction alone, and for one together with many health requests."""

    alone: float
    together: float

    @property
    def ratio(self) -> float:
        return self.together / self.alone


@pytest.fixture(scope="module")
def loading(image: Image, start: Start) -> Loading:
    """The service while its model is being loaded."""
    container = start(image, config=_environment(LOAD_SECONDS), ready=False)
    first = container.wait_ready(seconds=LOAD_SECONDS + 15.0)
    if container.left_behind(WEIGHTS) is not None:
        return Loading(container, None, first)
    return Loading(container, first, None)


@pytest.fixture(scope="module")
def ready(loading: Loading) -> Response:
    """What /health answers once the model is loaded."""
    container = loading.container
    container.execute("touch", ARRIVED)
    if loading.late:
        return loading.late
    if not _until(container, lambda: container.left_behind(WEIGHTS) is not None, LOADED_SECONDS):
        raise LearnerFault("The model is never loaded: nobody has called model_store.load().")
    return _health_until(container, lambda answer: answer.ok)


@pytest.fixture(scope="module")
def burst(loading: Loading, ready: Response) -> Burst:
    """The quickest of some rounds: what only slows one of them is the machine's business. A
    prediction alone is timed before and after each, so that neither side has the better moment."""
    del ready
    container = loading.container
    alone, rounds = [_alone(container)], []
    for _ in range(ROUNDS):
        rounds.append(_timed(lambda: _together(container)))
        alone.append(_alone(container))
        if rounds[-1] <= MOST_PREDICTIONS * min(alone):
            break
    return Burst(min(alone), min(rounds))


def _alone(container: Container) -> float:
    return min(_timed(lambda: _predict(container)()) for _ in range(3))


def _environment(load_seconds: float, *more: str) -> dict[str, list[str]]:
    return {"Env": [f"LOAD_SECONDS={load_seconds:g}", *more]}


def _until(
    container: Container, is_so: Callable[[], bool], seconds: float = FOLLOW_SECONDS
) -> bool:
    """Whether it becomes so; given up when the container ends."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline or container.wait_event("die", PAUSE_SECONDS):
            return False
    return True


def _health_until(container: Container, is_so: Callable[[Response], bool]) -> Response:
    """The first answer of /health that is so, else the last one."""
    answers: list[Response] = []

    def asked() -> bool:
        answers.append(container.send("/health", timeout=QUICK_SECONDS, receipt=False)())
        return is_so(answers[-1])

    _until(container, asked)
    return answers[-1]


def _predict(container: Container) -> Callable[[], Response]:
    return container.send(
        "/predict",
        method="POST",
        body=json.dumps(FEATURES).encode(),
        headers={"Content-Type": "application/json"},
        receipt=False,
    )


def _together(container: Container) -> Response:
    sent = [container.send("/health", receipt=False) for _ in range(HEALTH_REQUESTS)]
    predicted = _predict(container)
    for answer in sent:
        answer()
    return predicted()


def _timed(call: Callable[[], Response]) -> float:
    begun = time.monotonic()
    answer = call()
    seconds = time.monotonic() - begun
    if answer.json() != {"score": 4.75}:
        raise LearnerFault(
            f"A prediction for {json.dumps(FEATURES)} came to {answer}; it should be "
            '{"score": 4.75}.'
        )
    return seconds


@pytest.mark.points(2)
@pytest.mark.expects("HTTP 503, while the model is being loaded")
@pytest.mark.hint(
    "What does /health say before there is a model?",
    "Whoever gets a 200 sends requests. Answer 503 until the model is there.",
)
def test_not_ready_before_model(loading: Loading, bench: Bench) -> None:
    """Before the model is loaded /health doesn't say that all is well.

    A load balancer believes a 200, and the first users get errors.
    """
    early = loading.early
    shown = str(early) if early else "(no answer before the model was loaded)"
    bench.record(Evidence(f"{RELOAD}{HEALTH}", shown))
    assert early is None or early.status == 503, (
        f"The model was still being loaded, and /health came to {early}."
    )


@pytest.mark.points(2)
@pytest.mark.expects("HTTP 200 with status and checks")
@pytest.mark.hint(
    "Which of the checks is False? The body of the 503 should say it.",
    "Is it something that this instance really needs for its work?",
)
def test_ready_after_model(ready: Response, bench: Bench) -> None:
    """With its model loaded the service says that it is ready, and what it looked at.

    Who is woken at night by a 503 wants to read which part is missing.
    """
    bench.record(Evidence(f"{LOADED}{HEALTH}", str(ready)))
    assert ready.status == 200, f"The model is loaded, and /health came to {ready}."
    content = ready.json()
    assert isinstance(content, dict), f"The body is no JSON object: {ready.text[:200]!r}."
    status, checks = content.get("status"), content.get("checks")
    assert isinstance(status, str), f"status should be a text; the body is {ready.text[:200]}."
    assert status, "status is an empty text."
    assert isinstance(checks, dict), (
        f'checks should be an object, as {{"model": true}}; the body is {ready.text[:200]}.'
    )
    assert checks, "checks is empty: it should have an entry for each thing that was looked at."


@pytest.mark.points(2)
@pytest.mark.needs("ready_after_model")
@pytest.mark.expects("HTTP 503, after the weights were removed")
@pytest.mark.hint(
    "That a model was loaded once says little about now.",
    "model.is_usable() costs nothing: ask it in each /health.",
)
def test_unhealthy_when_model_lost(loading: Loading, burst: Burst, bench: Bench) -> None:
    """When the model is lost /health says so.

    A process that runs and can't predict is a black hole: it answers quicker than its healthy
    neighbours, with errors.
    """
    del burst
    loading.container.execute("rm", "-f", WEIGHTS)
    answer = _health_until(loading.container, lambda answer: answer.status == 503)
    bench.record(Evidence(f"docker exec web rm -f {WEIGHTS}; {HEALTH}", str(answer)))
    assert answer.status == 503, (
        f"The model's weights are gone, predictions fail, and /health came to {answer}."
    )


@pytest.mark.points(2)
@pytest.mark.expects("200 without a GPU; 503 without a GPU when REQUIRE_GPU=1")
@pytest.mark.hint(
    "all(checks.values()) makes every line a must. Is the GPU one?",
    "Look at REQUIRE_GPU in os.environ, and count the GPU only when it is 1.",
)
def test_cpu_host_is_healthy(ready: Response, start: Start, image: Image, bench: Bench) -> None:
    """No GPU is no illness, unless the service is configured to need one.

    On a laptop and in CI the lesson's endpoint never gets well; on a GPU machine that has lost its
    driver it must not look well.
    """
    bench.record(Evidence(HEALTH, str(ready)))
    assert ready.status == 200, (
        f"There is no GPU here and none is required, and /health came to {ready}."
    )
    demanding = start(image, config=_environment(0, "REQUIRE_GPU=1"), ready=False)
    demanding.wait_ready()
    assert _until(demanding, lambda: _predict(demanding)().ok, LOADED_SECONDS), (
        "With REQUIRE_GPU=1 the model never came to predict."
    )
    answer = demanding.send("/health", receipt=False)()
    bench.record(Evidence(NO_GPU, str(answer.status or answer)))
    assert answer.status == 503, f"With REQUIRE_GPU=1 and no GPU, /health came to {answer}."


@pytest.mark.points(3)
@pytest.mark.expects("an answer within two seconds, while the model is being loaded")
@pytest.mark.hint(
    "uvicorn opens its port when the start-up is over. What does yours wait for?",
    "A blocking call in an async function stops the event loop, and with it every answer.",
    "Write async def load(): app.state.model = await asyncio.to_thread(model_store.load), and in "
    "the lifespan app.state.loading = asyncio.create_task(load()), without await.",
)
def test_answers_while_loading(loading: Loading, bench: Bench) -> None:
    """/health answers at once, also while the model is being loaded.

    Loading takes minutes for a large model. Silence looks like a hung process, and whoever watches
    kills it, again and again.
    """
    early = loading.early
    shown = f"{early.seconds:.2f} s" if early else "(no answer before the model was loaded)"
    bench.record(Evidence(f"{RELOAD}time {HEALTH}", shown))
    assert early is not None, (
        "While model_store.load() was running /health didn't answer at all; the first answer came "
        "when it was over."
    )
    assert early.seconds <= QUICK_SECONDS, (
        f"While the model was being loaded /health took {early.seconds:.1f} s to answer."
    )


@pytest.mark.points(2)
@pytest.mark.expects("at most five times as long as a prediction alone")
@pytest.mark.hint(
    "What does /health do for each request? Does it work, or does it look?",
    "Load once and keep the model; is_usable() is enough to know about now.",
)
def test_cheap(burst: Burst, bench: Bench) -> None:
    """Many health requests don't slow down /predict.

    Load balancers, orchestrators and monitoring ask all the time, and most of all when the service
    is busy.
    """
    many = f"for i in $(seq {HEALTH_REQUESTS}); do curl -so /dev/null localhost:8000/health & done"
    bench.record(
        Evidence(
            f"time ({many}; wait)",
            f"a prediction alone: {burst.alone * 1000:.0f} ms; together with {HEALTH_REQUESTS} "
            f"health requests: {burst.together * 1000:.0f} ms",
        )
    )
    assert burst.ratio <= MOST_PREDICTIONS, (
        f"{HEALTH_REQUESTS} health requests and a prediction took {burst.together * 1000:.0f} ms "
        f"together: {burst.ratio:.0f} times as long as a prediction alone "
        f"({burst.alone * 1000:.0f} ms). /health seems to work for its answer."
    )
