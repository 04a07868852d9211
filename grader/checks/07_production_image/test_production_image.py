"""Exercise production_image: everything that a production image needs, in one Dockerfile."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from grader.engine.image import Image
from grader.judging import code, contents, identity, leaks
from grader.judging import health as healths
from grader.judging import shutdown as shutdowns
from grader.judging.contents import Contents
from grader.judging.shutdown import Shutdown
from grader.probe import layers as image_layers
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Rebuild, Start
from grader.verdict.facts import Process, Response
from grader.verdict.outcome import GraderError, LearnerFault
from grader.verdict.report import Evidence

pytestmark = [pytest.mark.exercise("production_image"), pytest.mark.observed]

SERVICE = "app.py"
SECRETS = (".env", "credentials.json")
PROBE_SECONDS = 5.0
"""What a probe may take here: starting Python takes a while on a busy machine."""
PAUSE_SECONDS = 1.0
LINE_SECONDS = 2.0
FEATURES = {"features": [1.0, 2.0, 3.0]}
SCORE = 4.75
OCI = "org.opencontainers.image"
REBUILT_MB = 1.0
"""What a change of one line may add to the image. The requirements are 15 times that."""
TMP = "rw,nosuid,nodev,size=64m"
READONLY = (
    "id=$(docker run -d --read-only --tmpfs /tmp web); sleep 3; "
    "docker inspect -f '{{.State.Status}}' $id; docker logs $id; docker rm -f $id"
)
REBUILD = (
    "d=$(mktemp -d); cp -r . $d; echo '# changed' >> $d/app.py; id=$(docker build -q $d); "
    "docker history $id; docker rmi $id"
)


@dataclass(frozen=True)
class Life:
    """The service at work. ``refusal`` is why it didn't serve with a read-only root."""

    container: Container
    refusal: LearnerFault | None


@pytest.fixture(scope="module")
def needles(given: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return leaks.needles(given, SECRETS)


@pytest.fixture(scope="module")
def looking(image: Image, bench: Bench, needles: Mapping[str, bytes]) -> Callable[[], Contents]:
    """The image is read while its container runs."""
    return contents.look(bench, image, needles)


@pytest.fixture(scope="module")
def rebuilding(image: Image, rebuild: Rebuild, given: Mapping[str, bytes]) -> Callable[[], Image]:
    """The build after a change of the code runs beside the container as well."""
    del image
    return rebuild({SERVICE: given[SERVICE] + b"\n# changed\n"})


@pytest.fixture(scope="module")
def seen(looking: Callable[[], Contents]) -> Contents:
    return looking()


@pytest.fixture(scope="module")
def starting(image: Image, start: Start, bench: Bench) -> Callable[[], Life]:
    """The service with a read-only root; with a writable one where it doesn't serve so, and then
    runs_readonly says it."""
    times = healths.gentle(PROBE_SECONDS, PAUSE_SECONDS)
    volumes = dict.fromkeys(image.volumes, TMP)

    def live() -> Life:
        try:
            host = {"ReadonlyRootfs": True, "Tmpfs": {**volumes, "/tmp": TMP}}
            return Life(start(image, config=times, host=host), None)
        except LearnerFault as fault:
            return Life(start(image, config=times), fault)

    return bench.beside(live)


@pytest.fixture(scope="module")
def life(starting: Callable[[], Life]) -> Life:
    return starting()


@pytest.fixture(scope="module")
def running(life: Life) -> Container:
    return life.container


@pytest.fixture(scope="module")
def processes(running: Container) -> tuple[Process, ...]:
    return identity.own(running.processes())


@dataclass(frozen=True)
class Prediction:
    """One prediction, and whether the line about it came out while the service ran."""

    answer: Response
    request: str
    is_logged: bool


@pytest.fixture(scope="module")
def prediction(running: Container) -> Prediction:
    """The line is printed after the answer, and nothing is asked after it."""
    request = secrets.token_hex(8)
    headers = {"Content-Type": "application/json", "X-Request-Id": request}
    body = json.dumps(FEATURES).encode()
    answer = running.send("/predict", method="POST", body=body, headers=headers, receipt=False)()
    return Prediction(answer, request, running.wait_line(request, LINE_SECONDS))


@pytest.fixture(scope="module")
def shutdown(running: Container, image: Image, prediction: Prediction) -> Shutdown:
    """The end of that container, so it comes after everything else."""
    del prediction
    served_by = (running.get("/whoami").json() or {}).get("pid")
    return shutdowns.observe(running, image.stop_signal, server=served_by or 0)


@pytest.mark.points(1)
@pytest.mark.usefixtures("starting", "looking", "rebuilding")  # all begin now, side by side
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
    contents.show_leftovers(bench)
    contents.assert_no_tools(seen, image)
    contents.assert_no_leftovers(seen)


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
def test_process_not_root(processes: tuple[Process, ...], running: Container) -> None:
    """No process of the container has root's uid or group.

    Whoever breaks into the service gets what its processes have.
    """
    running.show(processes)
    identity.assert_not_root(processes)


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
def test_no_secret_in_layers(
    seen: Contents, image: Image, needles: Mapping[str, bytes], bench: Bench
) -> None:
    """No layer holds the secrets that lie beside the code.

    Everyone who can pull the image can read every layer of it, also what was deleted since.
    """
    leaks.assert_not_in_layers(bench, seen.layers, needles)
    leaks.assert_not_published(image, needles)


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
    assert image.health, "The image has no health check, so Docker can't know how the service is."
    healths.assert_becomes(running, "healthy", "The service works, and its status is")
    running.post("/break", {})
    healths.assert_becomes(running, "unhealthy", "/health answers 503, and the status is")
    running.post("/repair", {})


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
    shown = f"{prediction.request} predicted {SCORE}" if prediction.is_logged else "(no such line)"
    command = (
        "docker start web > /dev/null; curl -s --retry 9 --retry-all-errors -X POST "
        "-H 'X-Request-Id: 7e57' -d '{\"features\": [1.0, 2.0, 3.0]}' "
        "http://localhost:8000/predict; sleep 1; docker logs web | tail -1"
    )
    bench.record(Evidence(command, shown))
    answer = prediction.answer
    assert answer.ok, f"POST /predict came to {answer}."
    assert prediction.is_logged, (
        f"The service answered and printed a line about it; {LINE_SECONDS:.0f} s later the line "
        "was still not in docker logs."
    )


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
    found = {key: text for key, text in image.labels.items() if key.startswith(f"{OCI}.")}
    rows = "\n".join(f"{key}={text}" for key, text in sorted(found.items()))
    bench.record(
        Evidence(
            "docker image inspect -f '{{range $k, $v := .Config.Labels}}{{$k}}={{println $v}}"
            f"{{{{end}}}}' web | grep {OCI} || true",
            rows or "(none)",
        )
    )
    assert found.get(f"{OCI}.version", "").strip(), f"No label {OCI}.version says which version."
    what = found.get(f"{OCI}.title", "") + found.get(f"{OCI}.description", "")
    assert what.strip(), f"No label {OCI}.title or {OCI}.description says what this is."


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
    shown = life.refusal.message if life.refusal else "running"
    bench.record(Evidence(READONLY, shown))
    assert life.refusal is None, f"With a read-only root file system: {shown}"
    assert prediction.answer.json() == {"score": SCORE}, (
        f"POST /predict should give the score {SCORE}; it came to {prediction.answer}."
    )


@pytest.mark.points(2)
@pytest.mark.expects("less than 1 MB that wasn't there before")
@pytest.mark.hint(
    "Which lines run again when app.py has changed? Everything from its COPY on.",
    "Copy requirements.txt alone, install, and copy the code after that.",
)
def test_rebuild_uses_cache(
    image: Image,
    rebuilding: Callable[[], Image],
    rebuild: Rebuild,
    seen: Contents,
    bench: Bench,
) -> None:
    """A change of the code doesn't install the requirements again.

    Builds are waited for, and every machine pulls the layers that are new.
    """
    rebuilt = rebuilding()
    made = image_layers.read(bench, rebuilt)
    new = [layer for layer in made.above if rebuilt.diffs[layer.index] not in image.diffs]
    size = sum(layer.size for layer in new) / 1e6
    rows = [f"{layer.size / 1e6:.1f} MB by {layer.instruction[:70]}" for layer in new]
    bench.record(Evidence(REBUILD, "\n".join(rows) or "nothing is new"))
    largest = max(new, key=lambda layer: layer.size, default=None)
    if size > REBUILT_MB and not set(image.diffs) <= set(rebuild({})().diffs):
        raise GraderError("The engine keeps no build cache at the moment. Nothing was scored.")
    assert size <= REBUILT_MB, (
        f"After a change of one line in app.py {size:.0f} MB of the image are new, made again by "
        f"`{largest.instruction[:70] if largest else '?'}`: the requirements were installed again."
    )
