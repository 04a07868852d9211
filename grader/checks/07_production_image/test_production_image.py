"""Exercise production_image: everything that a production image needs, in one Dockerfile."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from grader.engine.image import Image
from grader.judging import buffering, caching, code, contents, identity, labels, leaks, readonly
from grader.judging import health as healths
from grader.judging import shutdown as shutdowns
from grader.judging.contents import Contents
from grader.judging.scenes import inspection
from grader.judging.scenes import prediction as predictions
from grader.judging.scenes.inspection import Inspection, Life
from grader.judging.scenes.prediction import Prediction
from grader.judging.shutdown import Shutdown
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Rebuild, Start
from grader.verdict.facts import Process, own

pytestmark = [pytest.mark.exercise("production_image"), pytest.mark.observed]

SERVICE = "app.py"
SECRETS = (".env", "credentials.json")
BUSY_SECONDS = 1.6  # of the request in flight: more than a second of grace


@pytest.fixture(scope="module")
def begun(
    image: Image, start: Start, rebuild: Rebuild, given: Mapping[str, bytes], bench: Bench
) -> Inspection:
    return inspection.begin(image, start, rebuild, given, bench, code=SERVICE, secrets=SECRETS)


@pytest.fixture(scope="module")
def seen(begun: Inspection) -> Contents:
    return begun.contents()


@pytest.fixture(scope="module")
def life(begun: Inspection) -> Life:
    return begun.life()


@pytest.fixture(scope="module")
def running(life: Life) -> Container:
    return life.container


@pytest.fixture(scope="module")
def processes(running: Container) -> tuple[Process, ...]:
    return own(running.processes())


@pytest.fixture(scope="module")
def prediction(running: Container) -> Prediction:
    return predictions.play(running)


@pytest.fixture(scope="module")
def shutdown(running: Container, image: Image, prediction: Prediction) -> Shutdown:
    """The end of that container, so it comes after everything else."""
    del prediction
    served_by = (running.get("/whoami").json() or {}).get("pid")
    return shutdowns.observe(running, image.stop_signal, server=served_by or 0, busy=BUSY_SECONDS)


@pytest.mark.points(1)
@pytest.mark.usefixtures("begun")  # now, side by side with what follows
@pytest.mark.hint(
    "Read the message of the build: it names the line that failed.",
    "A file that .dockerignore leaves out can't be copied.",
)
def test_builds(image: Image) -> None:
    """The image builds."""
    assert image.id, "There is no image."


@pytest.mark.points(2)
@pytest.mark.expects("no compiler, no make, no package cache and no wheel")
@pytest.mark.hint(
    "What is needed to install the requirements, and what to run the service?",
    "A second FROM begins with an empty hand: COPY --from=builder takes what it needs.",
    "Install in the first stage, into a folder of its own such as /opt/venv, and copy only that.",
)
def test_multi_stage(seen: Contents, image: Image, bench: Bench) -> None:
    """Nothing of the build is left in the result: no build tools, no caches.

    A compiler is for whoever breaks in; a cache is for nobody.
    """
    contents.assert_lean(bench, seen, image)


@pytest.mark.points(1)
@pytest.mark.expects("at most 70 MB above python:3.11-slim")
@pytest.mark.hint(
    "docker history web shows which line costs how much.",
    "What a later line deletes or changes stays in the earlier layer: it costs twice.",
    "Start the last stage from python:3.11-slim and copy the installed packages into it.",
)
def test_size_within_budget(seen: Contents, bench: Bench) -> None:
    """The image is no larger than it has to be.

    It is pulled by every machine, at the worst of times: while a crashed one is replaced.
    """
    contents.assert_size(bench, seen.layers)


@pytest.mark.points(2)
@pytest.mark.expects("no 0 among the uids, the gids and the groups of any process")
@pytest.mark.hint(
    "Which user runs CMD when the Dockerfile doesn't say?",
    "USER 10001:10001 needs no entry in /etc/passwd; the user must be able to read the code.",
)
def test_process_not_root(processes: tuple[Process, ...], running: Container, image: Image) -> None:
    """No process of the container has root's uid or group.

    Whoever breaks into the service gets what its processes have.
    """
    running.show(processes)
    identity.assert_unprivileged(processes, image.user)


@pytest.mark.points(2)
@pytest.mark.expects(
    "a file and folders of another owner, without write permission for the service"
)
@pytest.mark.hint(
    "Who owns app.py and the packages, and who owns the folders they lie in?",
    "COPY --chown gives the service its code to write, and WORKDIR after USER gives it the folder.",
    "Packages in a home directory belong to its user; /opt/venv belongs to root.",
)
def test_code_not_writable(processes: tuple[Process, ...], seen: Contents, bench: Bench) -> None:
    """The service can't change its own code, nor its packages.

    Whoever makes the service write one file where it shouldn't then doesn't own it from the next
    start on.
    """
    bench.record(code.show(seen.filesystem, seen.layers, SERVICE))
    code.assert_not_writable(processes, seen.layers, seen.filesystem, SERVICE)


@pytest.mark.points(2)
@pytest.mark.expects("nothing of .env and credentials.json in any layer")
@pytest.mark.hint(
    "COPY . . takes everything that .dockerignore doesn't leave out.",
    "A file that a later line deletes is still in the layer that it came with.",
    "Name the files that COPY takes, and let .dockerignore leave out all others.",
)
def test_no_secret_in_layers(seen: Contents, image: Image, begun: Inspection, bench: Bench) -> None:
    """No layer holds the secrets that lie beside the code.

    Everyone who can pull the image can read every layer of it, also what was deleted since.
    """
    leaks.assert_not_in_layers(bench, seen.layers, seen.secrets)
    leaks.assert_not_published(image, seen.secrets)


@pytest.mark.points(2)
@pytest.mark.expects("healthy while /health answers 200, unhealthy when it answers 503")
@pytest.mark.hint(
    "docker inspect shows what the probe printed. Does the program that it calls exist?",
    "The slim image has no curl; Python's urllib.request.urlopen raises on any bad answer.",
    "Ask /health, and let the answer decide: an open port is not a working service.",
)
def test_becomes_healthy(running: Container, image: Image) -> None:
    """The service becomes healthy when it works, and unhealthy when it doesn't.

    Docker, Compose and load balancers act on this status.
    """
    healths.assert_follows(running, image)


@pytest.mark.points(2)
@pytest.mark.expects("the request in flight is answered, and the container ends by itself")
@pytest.mark.hint(
    "What runs as process 1 decides who gets the signal: docker top web shows it.",
    "In shell form (CMD uvicorn …) the first process is /bin/sh -c, which passes nothing on.",
    'CMD ["uvicorn", "app:app", "--host", "0.0.0.0", "--port", "8000"]',
)
def test_stops_on_sigterm(running: Container, shutdown: Shutdown, bench: Bench) -> None:
    """The service stops when docker stop asks it to, and finishes the request in flight.

    Every deployment stops containers. What doesn't hear the signal loses requests, and makes each
    deployment wait for the grace period.
    """
    shutdowns.assert_stops(shutdown, running, bench)


@pytest.mark.points(1)
@pytest.mark.expects("the line about the request, while the service runs")
@pytest.mark.hint(
    "Python keeps what is printed in a buffer when stdout is no terminal.",
    "PYTHONUNBUFFERED=1 in the environment, or python -u.",
)
def test_logs_unbuffered(prediction: Prediction, bench: Bench) -> None:
    """What the service prints is in the log at once.

    A buffer holds the last lines back: the ones that explain a crash, when the crash takes them
    along.
    """
    buffering.assert_unbuffered(prediction, bench)


@pytest.mark.points(1)
@pytest.mark.expects("org.opencontainers.image.version, and .title or .description")
@pytest.mark.hint(
    "LABEL takes any name; the OCI has agreed on some, which all begin with org.opencontainers.",
    'LABEL org.opencontainers.image.title="scorer" org.opencontainers.image.version="1.0.0"',
)
def test_labels_present(image: Image, bench: Bench) -> None:
    """Labels say what the image is and which version, under the names that the OCI has agreed on.

    Registries, scanners and inventories read these names, and no others.
    """
    labels.assert_described(image, bench)


@pytest.mark.points(2)
@pytest.mark.expects("running")
@pytest.mark.hint(
    "docker run --read-only --tmpfs /tmp: what does the service say?",
    "Where does the start write to? Only /tmp takes it.",
)
def test_runs_readonly(life: Life, prediction: Prediction, bench: Bench) -> None:
    """The service works with a read-only root and a /tmp in memory.

    What can't be written can't be changed by an intruder, nor fill the disk.
    """
    readonly.assert_works(life, prediction.answer, bench)


@pytest.mark.points(2)
@pytest.mark.expects("less than 1 MB that wasn't there before")
@pytest.mark.hint(
    "Which lines run again when app.py has changed? Everything from its COPY on.",
    "Copy requirements.txt alone, install, and copy the code after that.",
)
def test_rebuild_uses_cache(
    image: Image, begun: Inspection, rebuild: Rebuild, seen: Contents, bench: Bench
) -> None:
    """A change of the code doesn't install the requirements again.

    Builds are waited for, and every machine pulls the layers that are new.
    """
    caching.assert_used(begun.rebuilt(), image, rebuild, bench)
