"""Exercise production_service: the ten points of the checklist, on a service of the learner's."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from grader.compose import Service
from grader.engine.image import Image
from grader.judging import contents, identity, jsonlines, leaks, limits, restart
from grader.judging import health as healths
from grader.judging import shutdown as shutdowns
from grader.judging.contents import Contents
from grader.judging.shutdown import Shutdown
from grader.probe.bench import Bench
from grader.probe.container import Container
from grader.probe.start import Start
from grader.scanner import advisories
from grader.verdict.facts import Exit, Process, Response, Usage
from grader.verdict.outcome import LearnerFault
from grader.verdict.report import Evidence

pytestmark = [pytest.mark.exercise("production_service"), pytest.mark.observed]

SECRETS = (".env", "api_key.txt")
DATABASE = "advisories.json"
PROBE_SECONDS = 5.0
"""What a probe may take here: starting Python takes a while on a busy machine."""
PAUSE_SECONDS = 2.0
BUSY_SECONDS = 1.5
STOP_SECONDS = 8.0
REFUSE_SECONDS = 15.0
RESTART_SECONDS = 15.0
SPARE_SECONDS = 8.0
FEATURES = {"features": [1.0, 2.0, 3.0]}
SCORE = 4.75
VERSION = "2026-11"
FAR_AWAY = "TZ=Asia/Kathmandu"
"""A local time that differs from UTC by 5:45 h, so that it can't be taken for it."""
BODY = "-d '{\"features\": [1.0, 2.0, 3.0]}' http://localhost:8000/predict"
JSON = "--retry 9 --retry-all-errors -H 'Content-Type: application/json'"
ASK = f"docker start web > /dev/null; curl -si {JSON} {BODY}"


@dataclass(frozen=True)
class Modelless:
    """A life with a model that isn't there: what /health came to (None: no service at all),
    whether Docker called it healthy, and what was printed with LOG_LEVEL=error."""

    answer: Response | None
    was_healthy: bool
    printed: tuple[str, ...]


@dataclass(frozen=True)
class Keyless:
    """A life without the key: how it ended, and whether it was started again."""

    end: Exit | None
    came_back: bool


@dataclass(frozen=True)
class Work:
    """What the service answered to requests with the key, without it and with a wrong one."""

    key: str
    request: str
    right: Response
    without: Response
    wrong: Response
    begun: float


@dataclass(frozen=True)
class End:
    """The last moments of the service, and all that it printed."""

    shutdown: Shutdown
    printed: tuple[str, ...]
    at: float


@pytest.fixture(scope="module")
def needles(given: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return leaks.needles(given, SECRETS)


@pytest.fixture(scope="module")
def looking(image: Image, bench: Bench, needles: Mapping[str, bytes]) -> Callable[[], Contents]:
    """The image is read while its container runs."""
    return contents.look(bench, image, needles)


@pytest.fixture(scope="module")
def seen(looking: Callable[[], Contents]) -> Contents:
    return looking()


@pytest.fixture(scope="module")
def key() -> str:
    return f"key-{secrets.token_hex(16)}"


@pytest.fixture(scope="module")
def config(service: Service) -> dict[str, Any]:
    """As the compose file has it; of the health check only the times are ours."""
    times = healths.gentle(PROBE_SECONDS, PAUSE_SECONDS)["Healthcheck"]
    probe = {**service.config.get("Healthcheck", {}), **times}
    environment = [*service.config.get("Env", ()), FAR_AWAY]
    return {**service.config, "Healthcheck": probe, "Env": environment}


@pytest.fixture(scope="module")
def refusing(
    service: Service, image: Image, config: dict[str, Any], start: Start, bench: Bench
) -> Callable[[], Keyless]:
    """The service without its key, beside the others."""

    def live() -> Keyless:
        listening = {**config, "Healthcheck": healths.LISTENS}
        container = start(image, config=listening, host=service.sandboxed, beside=True)
        container.wait_health("healthy", REFUSE_SECONDS, receipt=False)  # or until it ends
        end = container.wait_exit(SPARE_SECONDS)  # some listen first and look for the key then
        came_back = end is not None and container.wait_restart(RESTART_SECONDS)
        container.remove()
        return Keyless(end, came_back)

    return bench.beside(live)


@pytest.fixture(scope="module")
def modelless(
    service: Service,
    image: Image,
    config: dict[str, Any],
    start: Start,
    key: str,
    refusing: Callable[[], Keyless],
) -> Modelless:
    """The service with a MODEL_PATH where nothing is, before its life in earnest."""
    del refusing  # it runs beside this one
    environment = [*config["Env"], "MODEL_PATH=/nonexistent/model.json", "LOG_LEVEL=error"]
    container = start(
        image,
        config={**config, "Env": environment},
        host={**service.sandboxed, "RestartPolicy": {"Name": "no"}},
        secrets={"api_key": f"{key}\n".encode()},
        ready=False,
    )
    try:
        answer = container.wait_ready()
    except LearnerFault:
        return Modelless(None, False, container.lines().lines)
    container.wait_health("healthy", healths.STATUS_SECONDS, probes=1, receipt=False)
    was_healthy = "healthy" in container.health_changes()
    return Modelless(answer, was_healthy, container.lines().lines)


@pytest.fixture(scope="module")
def running(
    service: Service,
    image: Image,
    config: dict[str, Any],
    start: Start,
    key: str,
    modelless: Modelless,
) -> Container:
    """The service as the compose file starts it, with its key."""
    del modelless
    host = service.sandboxed
    return start(image, config=config, host=host, secrets={"api_key": f"{key}\n".encode()})


@pytest.fixture(scope="module")
def processes(running: Container) -> tuple[Process, ...]:
    return identity.own(running.processes())


@pytest.fixture(scope="module")
def usage(running: Container) -> Usage:
    return running.usage()


@pytest.fixture(scope="module")
def work(running: Container, key: str) -> Work:
    """Requests of each kind, one of them with an id of its own."""
    begun, request = time.time(), secrets.token_hex(8)

    def ask(body: object, **headers: str) -> Response:
        sent = {"Content-Type": "application/json", **headers}
        content = json.dumps(body).encode()
        return running.send("/predict", method="POST", body=content, headers=sent, receipt=False)()

    shown = {"Authorization": f"Bearer {key}"}
    right = ask(FEATURES, **shown, **{"X-Request-Id": request})
    ask({"features": "many"}, **shown)
    running.send("/nowhere", receipt=False)()
    return Work(
        key, request, right, ask(FEATURES), ask(FEATURES, Authorization=f"Bearer {key}x"), begun
    )


@pytest.fixture(scope="module")
def end(running: Container, service: Service, image: Image, work: Work, usage: Usage) -> End:
    """The end of that container, so it comes after everything else that looks at it."""
    del work, usage
    name = service.config.get("StopSignal") or image.stop_signal
    stopped = shutdowns.observe(
        running, name, stop=running.stop, busy=BUSY_SECONDS, seconds=STOP_SECONDS
    )
    return End(stopped, tuple(line for line in running.lines().lines if line), time.time())


@pytest.mark.points(1)
@pytest.mark.usefixtures("looking")  # it is read while the service starts
@pytest.mark.expects("no 0 among the uids, the gids and the groups of any process")
@pytest.mark.hint(
    "Which user runs CMD when the Dockerfile doesn't say?",
    "USER 10001:10001 needs no entry in /etc/passwd; the user must be able to read the code.",
)
def test_non_root(running: Container, processes: tuple[Process, ...]) -> None:
    """No process of the service has root's uid or group.

    Whoever breaks into the service gets what its processes have.
    """
    running.show(processes)
    identity.assert_not_root(processes)


@pytest.mark.points(1)
@pytest.mark.expects("at most 70 MB above python:3.11-slim")
@pytest.mark.hint(
    "docker history shows which line costs how much.",
    "Start the last stage from python:3.11-slim or distroless, and copy only what is needed.",
)
def test_minimal_base(seen: Contents, bench: Bench) -> None:
    """The image stands on a small base and adds little.

    What isn't there can't be attacked, needs no update and isn't pulled by every machine.
    """
    contents.assert_size(bench, seen.layers)


@pytest.mark.points(1)
@pytest.mark.expects("nothing HIGH or CRITICAL that has a fix")
@pytest.mark.hint(
    "Which packages are in the image that the service doesn't need? A scan counts them as well.",
    "python -m venv brings its own pip and setuptools along, as old as that Python.",
    "python -m venv --without-pip with pip --python; or pip install --target; or upgrade them.",
)
def test_vulnerability_free(seen: Contents, given: Mapping[str, bytes], bench: Bench) -> None:
    """A scan finds nothing HIGH or CRITICAL that has a fix, in what was added to the base.

    A hole that is known and mended elsewhere is the first that is tried. The scan goes by the
    metadata of the installed Python packages and the lab's recorded database, advisories.json.
    """
    database = advisories.read(given[DATABASE])
    installed = advisories.packages(seen.filesystem, seen.layers.base_layers)
    found = advisories.findings(installed, database)
    severe = [pair for pair in found if pair[1].fixed and pair[1].severity in advisories.SEVERE]
    rows = [
        f"{advisory.id} {advisory.severity} {package.name} {package.version}, fixed in "
        f"{advisory.fixed or 'no version'}: {advisory.title}"
        for package, advisory in found
    ]
    bench.record(
        Evidence(
            "docker export web | tar -t | grep -oE '[^/]+-[^/]+[.]dist-info/METADATA' | sort -u",
            "\n".join(rows) or f"nothing in {len(installed)} packages",
        )
    )
    hidden = advisories.hidden(installed, database)
    assert not hidden, (
        f"{hidden[0].name} in {hidden[0].place} has no metadata, so a scanner can't tell its "
        "version: hiding a package doesn't mend it."
    )
    if severe:
        package, advisory = severe[0]
        raise AssertionError(
            f"{package.name} {package.version} in {package.place} has {advisory.id} "
            f"({advisory.severity}: {advisory.title}), fixed in {advisory.fixed}."
        )


@pytest.mark.points(1)
@pytest.mark.expects("healthy; and not healthy with MODEL_PATH=/nonexistent/model.json")
@pytest.mark.hint(
    "docker inspect shows what the probe printed. Does the program that it calls exist?",
    "The slim image has no curl; Python's urllib.request.urlopen raises on any bad answer.",
    "/health answers 503 without a model, and the probe must take that for a failure.",
)
def test_health_check(
    running: Container, image: Image, service: Service, modelless: Modelless
) -> None:
    """The service is healthy when it works, and isn't without a model.

    Docker, Compose and load balancers act on this status.
    """
    probe = tuple(service.config.get("Healthcheck", {}).get("Test") or ()) or (
        image.health.test if image.health else ()
    )
    assert probe[:1] not in ((), ("NONE",)), (
        "Neither the image nor compose.yaml has a health check, so Docker can't know how the "
        "service is."
    )
    answer = running.get("/health")
    assert answer.ok, f"GET /health came to {answer}."
    healths.assert_becomes(running, "healthy", "The service works, and its status is")
    if modelless.answer is None:
        return
    assert not modelless.answer.ok, (
        f"Without a model /health came to {modelless.answer}: it should be 503."
    )
    assert not modelless.was_healthy, (
        f"Without a model /health answers {modelless.answer.status}, and Docker called the service "
        "healthy all the same."
    )


@pytest.mark.points(1)
@pytest.mark.expects("unless-stopped, and started again after its end")
@pytest.mark.hint(
    "Who starts the service again when its process has ended?",
    "Two policies bring it back after every end and every reboot; one leaves what was stopped.",
    "restart: unless-stopped. Without its key the service ends, with an exit code other than 0.",
)
def test_restart_policy(service: Service, refusing: Callable[[], Keyless], bench: Bench) -> None:
    """The service refuses to start without its key, and is started again when it ends.

    A service that can't work should say so at once; and whatever ends by itself should come back,
    except when somebody had stopped it.
    """
    keyless = refusing()
    assert keyless.end is not None, (
        "Without /run/secrets/api_key the service went on running; it should end at once."
    )
    assert keyless.end.code != 0, (
        "Without /run/secrets/api_key the service ended with exit code 0, as if all were well."
    )
    restart.assert_unless_stopped(service, bench)
    assert keyless.came_back, (
        f"The service ended with exit code {keyless.end.code} and was not started again."
    )


@pytest.mark.points(1)
@pytest.mark.expects("the request in flight is answered, and exit code 0 or 143")
@pytest.mark.hint(
    "What runs as process 1 decides who gets the signal: docker top web shows it.",
    "uvicorn and gunicorn finish their requests by themselves; a server of your own has to.",
    "How long does docker stop wait? stop_grace_period has to be longer than a request.",
)
def test_graceful_shutdown(running: Container, end: End, bench: Bench) -> None:
    """On docker stop the request in flight gets its answer, and the service ends by itself.

    Every deployment stops containers. What doesn't finish loses requests each time.
    """
    shutdowns.assert_stops(end.shutdown, running, bench)
    code = end.shutdown.end.code if end.shutdown.end else None
    assert code in (0, 143), (
        f"The request was answered, but the service ended with exit code {code}."
    )


@pytest.mark.points(1)
@pytest.mark.expects("at most 512 MiB and one CPU, held by the kernel")
@pytest.mark.hint(
    "Where does a compose file say how much a service may take?",
    "deploy, resources, limits: memory and cpus.",
)
def test_resource_limits(service: Service, usage: Usage, bench: Bench) -> None:
    """The kernel holds the service to its share of memory and CPU.

    One service that leaks or spins then can't take the whole machine along.
    """
    limits.assert_memory(service, usage, bench)
    limits.assert_cpu(service, usage, bench)


@pytest.mark.points(1)
@pytest.mark.expects("one JSON object per line; request_id and model_version with a prediction")
@pytest.mark.hint(
    "Look at docker logs: which lines are not yours? A framework has loggers of its own.",
    "datetime.now(UTC).isoformat() has an offset; datetime.utcnow() has none.",
    "What is passed with extra= becomes attributes of the record: put them into the line.",
)
def test_structured_logging(end: End, work: Work, modelless: Modelless, bench: Bench) -> None:
    """Every line is a JSON object with the fields that searches rely on.

    A collector parses line by line, and the request's id ties the lines of services together.
    (This container's clock is set to Kathmandu's time.)
    """
    jsonlines.assert_json(bench, end.printed)
    lines = [line for text in end.printed if (line := jsonlines.parsed(text))]
    jsonlines.assert_fields(bench, lines)
    jsonlines.assert_utc(lines, work.begun - 60, end.at)
    own = next((line for line in lines if line.get("request_id") == work.request), None)
    jsonlines.show(bench, own)
    assert own, (
        f"There is no line whose request_id is {work.request!r}, the X-Request-Id of a prediction "
        f"that came to {work.right}."
    )
    assert own.get("model_version") == VERSION, (
        f"model_version should be {VERSION!r} there, it is {own.get('model_version')!r}."
    )
    assert str(own["level"]).lower() == "info", f"Its level is {own['level']!r}, not info."
    quiet = [line for text in modelless.printed if (line := jsonlines.parsed(text))]
    loud = [line for line in quiet if str(line.get("level")).lower() in ("info", "debug")]
    assert not loud, f"With LOG_LEVEL=error a line of level {loud[0]['level']!r} was printed."


@pytest.mark.points(1)
@pytest.mark.expects("no secret in the image or in compose.yaml; 401 without the key")
@pytest.mark.hint(
    "COPY . . takes everything that .dockerignore doesn't leave out.",
    "A file that a later line deletes is still in the layer that it came with.",
    "The service reads the key from /run/secrets/api_key when it starts, and compares.",
)
def test_no_secrets(
    seen: Contents,
    image: Image,
    service: Service,
    needles: Mapping[str, bytes],
    work: Work,
    end: End,
    bench: Bench,
) -> None:
    """The image holds no secret; the key comes at run time, is asked for, and stays out of the log.

    Everyone who can pull the image can read every layer of it.
    """
    leaks.assert_not_in_layers(bench, seen.layers, needles)
    leaks.assert_not_published(image, needles)
    leaks.assert_not_in_environment(service, needles)
    bench.record(Evidence(ASK, str(work.without)))
    keyed = ASK.replace("curl -si", 'curl -si -H "Authorization: Bearer $(cat api_key.txt)"')
    bench.record(Evidence(keyed, str(work.right)))
    answer = work.right
    assert answer.ok, f"POST /predict with the key from /run/secrets/api_key came to {answer}."
    score = answer.json().get("score") if isinstance(answer.json(), dict) else None
    assert score == SCORE, f"The score should be {SCORE}; the answer is {answer.text[:100]}."
    assert work.without.status == 401, f"Without a key POST /predict came to {work.without}."
    assert work.wrong.status == 401, f"With a wrong key POST /predict came to {work.wrong}."
    telling = [line for line in end.printed if work.key in line]
    assert not telling, "The service printed its key: logs are read by many and kept for long."


@pytest.mark.points(1)
@pytest.mark.expects("no compiler, no make, no package cache and no wheel")
@pytest.mark.hint(
    "What is needed to install, and what to run the service?",
    "Install in a first stage, into a folder of its own, and copy only that into the last one.",
)
def test_multi_stage(seen: Contents, image: Image, bench: Bench) -> None:
    """Nothing of the build is left in the result.

    A compiler is for whoever breaks in; a cache is for nobody.
    """
    contents.show_leftovers(bench)
    contents.assert_no_tools(seen, image)
    contents.assert_no_leftovers(seen)
