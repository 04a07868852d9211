"""Exercise health_endpoint: /health says whether the instance can work, now and at little cost."""

from __future__ import annotations

import pytest

from grader.engine.image import Image
from grader.judging.scenes import crowding
from grader.judging.scenes import loading as loadings
from grader.judging.scenes.crowding import HEALTH_REQUESTS, Crowding
from grader.judging.scenes.loading import (
    ARRIVED,
    QUICK_SECONDS,
    WEIGHTS,
    Held,
    Loading,
    SecondLife,
)
from grader.probe.bench import Bench
from grader.probe.container import receipt
from grader.probe.start import Start
from grader.verdict.facts import Response
from grader.verdict.report import Evidence

pytestmark = pytest.mark.exercise("health_endpoint")

MOST_PREDICTIONS = 5.0
"""As many predictions' time may that many health requests and a prediction take: about two when
/health only looks, thirteen when it works."""
HEALTH = f"{receipt.CURL} localhost:8000/health"
RELOAD = (
    f"docker exec web rm -f {ARRIVED} {WEIGHTS}; docker restart -t 0 web > /dev/null; "
    "until curl -so /dev/null localhost:8000/health; do sleep 0.1; done; "
)
LOADED = f"docker exec web touch {ARRIVED}; sleep 2; "
NO_GPU = (
    "docker run --rm -e REQUIRE_GPU=1 -e LOAD_SECONDS=0 web sh -c 'uvicorn app:app & sleep 4; "
    'python -c "import http.client as h; c = h.HTTPConnection(\\"localhost\\", 8000); '
    'c.request(\\"GET\\", \\"/health\\"); print(c.getresponse().status)"\''
)


@pytest.fixture(scope="module")
def loading(image: Image, start: Start) -> Loading:
    return loadings.begin(image, start)


@pytest.fixture(scope="module")
def held(image: Image, loading: Loading, start: Start) -> Held:
    del loading
    return loadings.hold(image, start)


@pytest.fixture(scope="module")
def ready(loading: Loading) -> Response:
    return loadings.finish(loading)


@pytest.fixture(scope="module")
def burst(loading: Loading, ready: Response) -> Crowding:
    del ready
    return crowding.play(loading.container, MOST_PREDICTIONS)


@pytest.fixture(scope="module")
def second(image: Image, start: Start, burst: Crowding) -> SecondLife:
    del burst
    return loadings.again(image, start)


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
    shown = receipt.answered(early) if early else "no answer before the model was loaded"
    bench.record(Evidence(f"{RELOAD}{HEALTH}", shown, told=early is None))
    assert early is None or early.status == 503, (
        f"The model was still being loaded, and /health came to {early}."
    )
    asked = loading.asked
    assert asked is None or asked.status == 503, (
        f"The model was still being loaded, and POST /predict came to {asked}; it should be 503."
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
    bench.record(Evidence(f"{LOADED}{HEALTH}", receipt.answered(ready)))
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
def test_unhealthy_when_model_lost(
    loading: Loading, held: Held, burst: Crowding, bench: Bench, request: pytest.FixtureRequest
) -> None:
    """When the model is lost /health says so.

    A process that runs and can't predict is a black hole: it answers quicker than its healthy
    neighbours, with errors.
    """
    del burst
    answer = loadings.lose(loading)
    bench.record(Evidence(f"docker exec web rm -f {WEIGHTS}; {HEALTH}", receipt.answered(answer)))
    assert answer.status == 503, (
        f"The model's weights are gone, predictions fail, and /health came to {answer}."
    )
    waited = loading.early is not None and loading.early.status == 503
    status = loadings.still_waits(held) if waited else ""
    assert status != "200", (
        f"A model that never came, and after {loadings.PATIENCE_SECONDS:.0f} s /health answers "
        "200: it asks a clock, and not the model."
    )
    second: SecondLife = request.getfixturevalue("second")
    assert not waited or second.early is None or second.early.status == 503, (
        f"Started again over the weights of an earlier life, with no model loaded yet, /health "
        f"came to {second.early}: it looks at the file, and the model is what predicts."
    )


@pytest.mark.points(2)
@pytest.mark.expects("200 without a GPU; 503 without a GPU when REQUIRE_GPU=1")
@pytest.mark.hint(
    "all(checks.values()) makes every line a must. Is the GPU one?",
    "Look at REQUIRE_GPU in os.environ, and count the GPU only when it is 1.",
)
def test_cpu_host_is_healthy(
    ready: Response, second: SecondLife, start: Start, image: Image, bench: Bench
) -> None:
    """No GPU is no illness, unless the service is configured to need one.

    On a laptop and in CI the lesson's endpoint never gets well; on a GPU machine that has lost its
    driver it must not look well.
    """
    bench.record(Evidence(f"{RELOAD}{LOADED}{HEALTH}", receipt.answered(ready)))
    assert ready.status == 200, (
        f"There is no GPU here and none is required, and /health came to {ready}."
    )
    assert second.ready is not None, "With REQUIRE_GPU=0 the model never came to predict."
    assert second.ready.ok, (
        f"With REQUIRE_GPU=0 no GPU is required, and /health came to {second.ready}."
    )
    answer = loadings.without_gpu(image, start)
    assert answer is not None, "With REQUIRE_GPU=1 the model never came to predict."
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
    shown = f"{early.seconds:.2f} s" if early else "no answer before the model was loaded"
    bench.record(Evidence(f"{RELOAD}time {HEALTH}", shown, told=True))
    assert early is not None, (
        "While model_store.load() was running /health didn't answer at all; the first answer came "
        "when it was over."
    )
    assert not bench.watch.metronome.is_later(early.seconds, QUICK_SECONDS), (
        f"While the model was being loaded /health took {early.seconds:.1f} s to answer."
    )


@pytest.mark.points(2)
@pytest.mark.expects("at most five times as long as a prediction alone")
@pytest.mark.hint(
    "What does /health do for each request? Does it work, or does it look?",
    "Load once and keep the model; is_usable() is enough to know about now.",
)
def test_cheap(burst: Crowding, bench: Bench) -> None:
    """Many health requests don't slow down /predict.

    Load balancers, orchestrators and monitoring ask all the time, and most of all when the service
    is busy.
    """
    many = f"for i in $(seq {HEALTH_REQUESTS}); do curl -so /dev/null localhost:8000/health & done"
    bench.record(
        Evidence(
            f"time ({many}; wait)",
            f"a prediction alone: {burst.alone * 1000:.0f} ms; among {HEALTH_REQUESTS} health "
            f"requests: {burst.together * 1000:.0f} ms; among as many requests for nothing: "
            f"{burst.control * 1000:.0f} ms",
            told=True,
        )
    )
    assert burst.ratio <= MOST_PREDICTIONS, (
        f"{HEALTH_REQUESTS} health requests and a prediction took {burst.together * 1000:.0f} ms "
        f"together; with as many requests for nothing it is {burst.control * 1000:.0f} ms. That is "
        f"{burst.ratio:.0f} times as long as a prediction alone ({burst.alone * 1000:.0f} ms): "
        "/health seems to work for its answer."
    )
