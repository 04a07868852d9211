"""A service while it loads its model, and after: asked at first, when the model has arrived, when
it is lost, and where a GPU is missing that it was told to need.

The given model arrives when a file of ours lies in the container, and is loaded when its weights
do. What /health should say at each moment isn't known here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from grader.engine import tarball
from grader.engine.image import Image
from grader.engine.patience import Patience
from grader.judging.scenes import prediction
from grader.probe.container import Container
from grader.probe.start import Start
from grader.verdict.facts import Response
from grader.verdict.outcome import LearnerFault

LOAD_SECONDS = 300
"""How long loading takes unless it is cut short: longer than anybody waits here, so that a clock
that was set by it is seen to be one."""
SILENT_SECONDS = 4.0
"""When the model arrives for a service that doesn't answer meanwhile."""
SECOND_LOAD_SECONDS = 0.7
NEVER_SECONDS = 600
PATIENCE_SECONDS = 6.0
"""When a service is asked whose model never comes: later than a clock set to the usual five."""
ASK = (
    "import http.client as h; c = h.HTTPConnection('localhost', 8000, timeout=2); "
    "c.request('GET', '/health'); print(c.getresponse().status)"
)
STALE = b"left by an earlier life"
QUICK_SECONDS = 2.0
LOADED_SECONDS = 10.0
FOLLOW_SECONDS = 4.0
"""Until /health has to follow what has changed."""
PAUSE_SECONDS = 0.03
ARRIVED, WEIGHTS = "/data/arrived", "/data/weights.bin"


@dataclass(frozen=True)
class Loading:
    """What the service said at first. ``early``: /health before the model was loaded, and
    ``asked``: a prediction then; ``late``: the first answer, when there was none before that."""

    container: Container
    early: Response | None
    asked: Response | None
    late: Response | None


@dataclass(frozen=True)
class Held:
    """A service whose model never comes, and its start by the monotonic clock in seconds."""

    container: Container
    since: float


@dataclass(frozen=True)
class SecondLife:
    """A start over the weights of an earlier one, with REQUIRE_GPU=0 and no GPU: ``early`` is an
    answer of /health before the service could predict (None where there was none), ``ready`` the
    answer once it could (None where it never could)."""

    early: Response | None
    ready: Response | None


def begin(image: Image, start: Start) -> Loading:
    """The service while its model is being loaded. Raises LearnerFault when it never answers."""
    container = start(image, config=_environment(LOAD_SECONDS), ready=False)
    try:
        first = container.wait_ready(seconds=SILENT_SECONDS)
    except LearnerFault:
        if not container.state.running:
            raise
        container.execute("touch", ARRIVED)
        late = container.wait_ready()
        if not late.ok and container.left_behind(WEIGHTS) is None:  # it was slow to start, no more
            return Loading(container, late, None, None)
        return Loading(container, None, None, late)
    asked = prediction.send(container)()
    if container.left_behind(WEIGHTS) is not None:
        return Loading(container, None, None, first)
    return Loading(container, first, asked, None)


def hold(image: Image, start: Start) -> Held:
    """A service beside the first, whose model never comes."""
    container = start(image, config=_environment(NEVER_SECONDS), ready=False, beside=True)
    return Held(container, time.monotonic())


def still_waits(held: Held) -> str:
    """The status of its /health once a clock would be over, or what was said instead of one."""
    held.container.wait_event("die", held.since + PATIENCE_SECONDS - time.monotonic())
    said = held.container.execute("python", "-c", ASK)[1].strip()
    held.container.remove()
    return said


def finish(loading: Loading) -> Response:
    """Let the model arrive; what /health answers once it is loaded. Raises LearnerFault when it
    never is."""
    container = loading.container
    container.execute("touch", ARRIVED)
    if loading.late:
        return loading.late
    if not _until(container, lambda: container.left_behind(WEIGHTS) is not None, LOADED_SECONDS):
        raise LearnerFault("The model is never loaded: nobody has called model_store.load().")
    return _health_until(container, lambda answer: answer.ok)


def lose(loading: Loading) -> Response:
    """Take the model's weights away; what /health answers then."""
    loading.container.execute("rm", "-f", WEIGHTS)
    return _health_until(loading.container, lambda answer: answer.status == 503)


def again(image: Image, start: Start) -> SecondLife:
    """Start it over what an earlier life left behind. Raises LearnerFault when it never answers."""
    environment = _environment(SECOND_LOAD_SECONDS, "REQUIRE_GPU=0")
    stale = tarball.of({WEIGHTS: STALE}, 0o666)  # the service writes over it
    container = start(image, config=environment, files=stale, ready=False)
    early = container.wait_ready()
    if prediction.send(container)().ok:
        return SecondLife(None, _health_until(container, lambda answer: answer.ok))
    if not _until(container, lambda: prediction.send(container)().ok, LOADED_SECONDS):
        return SecondLife(early, None)
    return SecondLife(early, _health_until(container, lambda answer: answer.ok))


def without_gpu(image: Image, start: Start) -> Response | None:
    """What /health answers in another container that was told to need a GPU and has none; None
    when that one never comes to predict."""
    container = start(image, config=_environment(0, "REQUIRE_GPU=1"), ready=False)
    container.wait_ready()
    if not _until(container, lambda: prediction.send(container)().ok, LOADED_SECONDS):
        return None
    return container.send("/health", receipt=False)()


def _environment(load_seconds: float, *more: str) -> dict[str, list[str]]:
    return {"Env": [f"LOAD_SECONDS={load_seconds:g}", *more]}


def _until(
    container: Container, is_so: Callable[[], bool], seconds: float = FOLLOW_SECONDS
) -> bool:
    """Whether it becomes so; given up when the container ends."""
    patience = Patience(seconds)
    while not is_so():
        if not patience.left() or container.wait_event("die", PAUSE_SECONDS):
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
